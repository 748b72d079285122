"use strict";
// A picture that is larger than its frame opens where the entry is that it is about.
for (const frame of document.querySelectorAll(".picture")) {
  const subject = frame.querySelector(".subject");
  if (subject) {
    const [outer, inner] = [frame.getBoundingClientRect(), subject.getBoundingClientRect()];
    frame.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
    frame.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  }
}
