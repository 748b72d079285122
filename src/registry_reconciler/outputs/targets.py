"""Where outputs stand: the part of a file that is an output's own is read here, and written. Bytes in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from registry_reconciler.base.suggest import did_you_mean, meant
from registry_reconciler.files.tree import Tree
from registry_reconciler.files.unreadable import SHOW_ALL, Hidden, UnreadablePath
from registry_reconciler.formats.align import align, equal, equal_ends
from registry_reconciler.formats.edits import Edit, Insert, Remove, SpliceError, Update
from registry_reconciler.formats.faults import TextFile
from registry_reconciler.formats.table import format_named, new_reader
from registry_reconciler.model.entry import MISSING, FieldPath, Json, Location, Missing, get_path, same
from registry_reconciler.model.kind import Step
from registry_reconciler.outputs.definitions import Output
from registry_reconciler.outputs.names import nearest_file
from registry_reconciler.outputs.regions import Region, example, find_regions, forms
from registry_reconciler.outputs.texts import NoText, Text, decoded, plain_ends, text_digest, value_text

_LONG = 200
"""Items of a list or mapping of which only those that changed are written."""
_MUCH = 10
"""Where more than one item of so many changed, all of it is written as a whole."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character."""


class NoOutputPlace(Exception):
    """An output has no place in its file.

    Attributes:
        fix: what to do about it.
        line: where in the file.
        hidden: the file cannot be seen: nothing is known.
    """

    def __init__(self, message: str, fix: str = "", line: int = 0, *, hidden: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.line = line
        self.hidden = hidden


class Part(Struct, frozen=True):
    """What stands at an output's place.

    Attributes:
        text: as it is remembered and shown; ``None``: there is nothing.
        value: of a part of a structured file, else ``None``.
    """

    text: str | None
    value: Json = None
    line: int = 0
    inline: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing stands there that somebody could miss."""
        return self.text is None or not self.text.strip() or self.text in ("null", "[]", "{}")


class DesiredContent(Struct, frozen=True, dict=True):
    """What is to stand at an output's place: a text, or a value in a structured file."""

    text: str
    value: Json = None

    @cached_property
    def digest(self) -> str:
        """Of its text."""
        return text_digest(self.text)


def desired_text(output: Output, part: Part, text: str) -> DesiredContent:
    """A rendered text as it is to stand there: with a last line end, or without one inside a line."""
    text = text.replace("\r\n", "\n")
    # A definition may be a text with a last line end, which is no part of its expression.
    ends_a_line = str(output.spec.get("value", "")).endswith("\n")
    if output.region and part.inline:
        text = text.removesuffix("\n")
    elif text and not text.endswith("\n") and (output.region or ends_a_line):
        text += "\n"
    return DesiredContent(text)


class FileWork:
    """One file on its way to what it is to be."""

    def __init__(self, path: str, tree: Tree) -> None:
        self.path = path
        self.fault: NoOutputPlace | None = None
        self._last: tuple[bytes, TextFile] | None = None
        self._reader = new_reader()
        self._tree = tree
        try:
            self.data = tree.read(path)
        except Hidden:
            self.data = None
            message = f"a sparse checkout hides {path}"
            self.fault = NoOutputPlace(message, SHOW_ALL, hidden=True)
        except UnreadablePath as why:
            self.data = None
            self.fault = NoOutputPlace(f"{path} cannot be read: {why}", "Put a readable regular file there.")
        self.before = self.data

    def part(self, output: Output) -> Part:
        """What stands at an output's place now. Raises :class:`NoOutputPlace`."""
        if self.fault is not None:
            raise self.fault
        if output.at:
            return self._value(output)
        if self.data is None:
            if output.region:
                raise NoOutputPlace(
                    f"{self.path} is not there.{meant(nearest_file(self._tree, self.path))}",
                    f"Make it, with these markers in it: {_marked(output)}",
                )
            return Part(None)
        text = self._text()
        if output.whole:
            return Part(text.body)
        region = self._region(output, text.body)
        return Part(text.body[region.start : region.end], line=region.line, inline=region.inline)

    def location(self, output: Output, part: Part) -> Location | None:
        """Where an output's part stands in the file as it is; ``None`` of a whole file, and where nothing is."""
        if part.line:
            return Location(self.path, part.line, 1)
        if not output.at or not self.before or part.text is None:
            return None
        form = format_named(self.path)
        read = form.read(self.before, self._reader)
        document, path = place_of(read.documents, output)
        ((line, column),) = form.locate(self.before, [(document, path, True)], read.sections)
        return Location(self.path, line, column)

    def put(self, output: Output, desired: DesiredContent) -> None:
        """Write an output's part. Raises :class:`NoOutputPlace`; then nothing was changed."""
        before = self.data
        try:
            if output.at:
                self.data = self._with_value(output, desired.value)
            else:
                self.data = self._with_text(output, desired.text)
            self._read_back(output, desired)
        except NoOutputPlace:
            self.data = before
            raise

    def _read_back(self, output: Output, desired: DesiredContent) -> None:
        try:
            right = (
                equal(self._there(output), desired.value)
                if output.at
                else self.part(output).text == desired.text
            )
        except NoOutputPlace as fault:
            raise NoOutputPlace(f"with its new text it could not be found again: {fault.message}") from None
        if not right:
            raise NoOutputPlace("what is rendered would not read back from there as it is")

    def reads_alike(self) -> bool:
        """Whether its values are those that it had."""
        form = format_named(self.path)
        old, new = form.read(self.before or b""), form.read(self.data or b"")
        return old.readable and new.readable and same(list(old.documents), list(new.documents))

    # Texts

    def _text(self) -> Text:
        try:
            return decoded(self.data or b"")
        except NoText as fault:
            raise NoOutputPlace(f"{self.path} is no text: {fault}", "Save it as UTF-8.") from None

    def _region(self, output: Output, body: str) -> Region:
        found, faults = find_regions(self.path, body)
        if output.region in found:
            return found[output.region]
        for fault in faults:
            if fault.id == output.region:
                fix = f"One pair of markers an id: {_marked(output)}"
                raise NoOutputPlace(
                    f"the region {fault.id!r} of {self.path}: {fault.message}", fix, fault.line
                )
        if not forms(self.path):
            raise NoOutputPlace(
                f"{self.path} can hold no comments, so no region", "Use 'at' instead of 'region'."
            )
        known = [*found, *(fault.id for fault in faults)]
        raise NoOutputPlace(
            f"{self.path} has no region {output.region!r}.{did_you_mean(output.region, known)}",
            f"Put its markers where it belongs, the text between them: {_marked(output)}",
        )

    def _with_text(self, output: Output, desired: str) -> bytes:
        if "\0" in desired or (not desired.isascii() and _HALF.search(desired)):
            raise NoOutputPlace("it holds characters that no text file can hold")
        if output.whole:
            text = self._text() if self.data is not None else Text("")
            return Text(desired, text.newline, text.bom).data()
        text = self._text()
        region = self._region(output, text.body)
        if region.inline and "\n" in desired:
            raise NoOutputPlace(
                "its markers stand inside one line, and it has several",
                f"Put the markers on lines of their own: {_marked(output)}",
                region.line,
            )
        body = text.body[: region.start] + desired + text.body[region.end :]
        self._refuse_lost_regions(output, text.body, body)
        return Text(body, text.newline, text.bom).data()

    def _refuse_lost_regions(self, output: Output, before: str, after: str) -> None:
        """The text of a region may hold no marker of another one."""
        old, new = (
            {
                name: text[region.start : region.end]
                for name, region in find_regions(self.path, text)[0].items()
                if name != output.region
            }
            for text in (before, after)
        )
        if old != new:
            others = ", ".join(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))
            raise NoOutputPlace(
                f"its text holds markers, and would break the region {others} of {self.path}",
                "Leave them out in the template, e.g. {{ text | replace('registry:', 'registry :') }}",
            )

    # Values

    def _documents(self) -> Sequence[Json]:
        form = format_named(self.path)
        found = self._read(self.data or b"")
        for fault in found.faults:
            if fault.fatal:
                raise NoOutputPlace(
                    f"{self.path} cannot be read as {form.title}: {fault.message}", fault.fix, fault.line
                )
        return found.documents

    def _read(self, data: bytes) -> TextFile:
        """What a text says; of the last one it is known."""
        if self._last is None or self._last[0] is not data:
            self._last = (data, format_named(self.path).read(plain_ends(data), self._reader))
        return self._last[1]

    def _there(self, output: Output) -> Json | Missing:
        if self.data is None:
            return MISSING
        documents = self._documents()
        document, path = place_of(documents, output)
        return get_path(documents[document], path) if documents else MISSING

    def _value(self, output: Output) -> Part:
        value = self._there(output)
        return Part(None) if isinstance(value, Missing) else Part(value_text(value), value)

    def _with_value(self, output: Output, value: Json) -> bytes:
        form = format_named(self.path)
        try:
            if self.data is None:
                made = form.new_text(value, container=_names(output))
                if not self._read(made).readable:
                    raise NoOutputPlace(
                        f"{self.path} would not be {form.title}; make it, with an empty value at {output.at}"
                    )
                return made
            documents = self._documents()
            number, path = place_of(documents, output)
            there = get_path(documents[number], path) if documents else MISSING
            if isinstance(there, Missing):
                edits: list[Edit] = [
                    Insert(number, path[:-1], value, key=str(path[-1]), container_kind="map")
                ]
            else:
                edits = _edits(number, path, there, value, in_place=form.new_in_place)
            plain = plain_ends(self.data)
            data = form.splice(plain, edits, self._read(self.data).sections)
            if plain is not self.data:
                data = data.replace(b"\n", b"\r\n")
        except SpliceError as error:
            raise NoOutputPlace(f"{self.path} cannot be edited there: {error.message}") from None
        after = self._read(data)
        if not after.readable:
            raise NoOutputPlace(f"{self.path} would not be {form.title} any more")
        self._refuse_others(after.documents, documents, number, path)
        return data

    def _refuse_others(
        self, after: Sequence[Json], before: Sequence[Json], number: int, path: FieldPath
    ) -> None:
        """Nothing beside the value may change."""
        old, new = list(before) or [None], list(after) or [None]
        same_size = len(old) == len(new)
        if not same_size or any(
            not same(*(_without(item, path) if index == number else item for item in pair))
            for index, pair in enumerate(zip(old, new, strict=True))
        ):
            raise NoOutputPlace("something beside it would change")


def _edits(number: int, path: FieldPath, there: Json, value: Json, *, in_place: bool = True) -> list[Edit]:
    """What makes of a value that is there another one; of a long one in which little changed, only that."""
    whole: list[Edit] = [Update(number, path, value)]
    if type(there) is dict and type(value) is dict and min(len(there), len(value)) > _LONG:
        pairs = _pair_edits(number, path, there, value, in_place)
        return whole if pairs is None or len(pairs) >= len(there) // _MUCH else pairs
    if type(there) is not list or type(value) is not list or min(len(there), len(value)) <= _LONG:
        return whole
    head, tail = equal_ends(there, value)
    stop = len(there) - tail
    steps = [
        (None if old is None else head + old, value[head + new])
        for old, new in align(there[head:stop], value[head : len(value) - tail])
    ]
    stay = {old for old, _ in steps}
    edits: list[Edit] = [Remove(number, (*path, old)) for old in range(head, stop) if old not in stay]
    position = head
    for old, item in steps:
        if old is None:
            index = position if position < len(there) else None
            edits.append(Insert(number, path, item, index=index))
        else:
            position = old + 1
            if not equal(there[old], item):
                edits.append(Update(number, (*path, old), item))
    return edits if len(edits) < len(there) // _MUCH else whole


def _pair_edits(
    number: int, path: FieldPath, there: dict[str, Json], value: dict[str, Json], in_place: bool
) -> list[Edit] | None:
    """As of a list, of a mapping; ``None`` where what stays stands in another order."""
    stay = names = list(there)
    edits: list[Edit] = []
    if names != list(value):
        stay = [name for name in there if name in value]
        if stay != [name for name in value if name in there]:
            return None
        edits += [Remove(number, (*path, name)) for name in there if name not in value]
    head, tail = equal_ends([there[name] for name in stay], [value[name] for name in stay])
    edits += [
        Update(number, (*path, name), value[name])
        for name in stay[head : len(stay) - tail]
        if not equal(there[name], value[name])
    ]
    if len(stay) == len(value):
        return edits
    places = {name: position for position, name in enumerate(names, 1)}
    position = 0
    for name, part in value.items():
        if name not in there:
            before = names[position] if in_place and position < len(names) else None
            edits.append(Insert(number, path, part, key=name, before=before))
        position = places.get(name, position)
    return edits


def _without(value: Json, path: FieldPath) -> Json:
    """A value in which nothing stands at a path; what is made on the way there does not count."""
    if not path:
        return None
    if isinstance(value, dict):
        inner = _without(value.get(path[0]), path[1:])
        rest = {name: part for name, part in value.items() if name != path[0]}
        return {**rest, path[0]: inner} if inner is not None else rest or None
    if isinstance(value, list) and isinstance(path[0], int):
        return [_without(part, path[1:]) if at == path[0] else part for at, part in enumerate(value)]
    return value


def _names(output: Output) -> FieldPath:
    if any(step.kind != "name" for step in output.steps):
        raise NoOutputPlace(
            f"{output.file} is not there, and {output.at!r} names an item of a list", "Make the file."
        )
    return tuple(step.name for step in output.steps)


def place_of(documents: Sequence[Json], output: Output) -> tuple[int, FieldPath]:
    """The document and the path of an output's value: of the first document that has it,
    else of the first that has what leads there.

    Raises:
        NoOutputPlace: none has; it says what stands at the last step that matched.
    """
    if not documents:
        return 0, _names(output)
    first: NoOutputPlace | None = None
    found: list[tuple[int, FieldPath]] = []
    for number, document in enumerate(documents):
        try:
            found.append((number, _walked(document, output.steps, output)))
        except NoOutputPlace as fault:
            first = first or fault
    if not found:
        assert first is not None
        raise first
    return next((at for at in found if get_path(documents[at[0]], at[1]) is not MISSING), found[0])


def _walked(document: Json, steps: Sequence[Step], output: Output) -> FieldPath:
    path: FieldPath = ()
    value = document
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        here = ".".join(map(str, path)) or "the top"
        if not isinstance(value, dict):
            if value is None and (last or not path):
                value = {}
            else:
                raise NoOutputPlace(f"{output.at!r} of {output.file}: {here} is no mapping")
        if step.name not in value:
            if last and step.kind == "name":
                return (*path, step.name)
            raise NoOutputPlace(
                f"{output.at!r} of {output.file}: {here} has no {step.name!r}."
                f"{did_you_mean(step.name, [name for name in value if isinstance(name, str)])}"
            )
        path, value = (*path, step.name), value[step.name]
        if step.kind == "item":
            index_of = _item(value, step)
            if index_of is None:
                raise NoOutputPlace(
                    f"{output.at!r} of {output.file}: {step.name} has no item whose {step.by} is {step.literal!r}"
                )
            path, value = (*path, index_of), value[index_of]
    return path


def _item(value: Json, step: Step) -> int | None:
    if not isinstance(value, list):
        return None
    for index, item in enumerate(value):
        if isinstance(item, dict) and str(item.get(step.by)) == step.literal:
            return index
    return None


def _marked(output: Output) -> str:
    return " and ".join(example(output.file, output.region))
