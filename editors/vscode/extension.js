// Starts `registry lsp` and hands it the files of the workspace. Everything else is the server's.
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("registry").get("command");
  client = new LanguageClient(
    "registry",
    "registry",
    { command, args },
    {
      documentSelector: [
        { scheme: "file", language: "yaml" },
        { scheme: "file", language: "json" },
        { scheme: "file", language: "jsonc" },
        { scheme: "file", language: "toml" },
        { scheme: "file", language: "markdown" },
      ],
      initializationOptions: { trusted: vscode.workspace.isTrusted },
    }
  );
  await client.start();
}

exports.activate = async function (context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("registry.restart", async () => {
      await client?.stop();
      await start();
    })
  );
  await start();
};

exports.deactivate = () => client?.stop();
