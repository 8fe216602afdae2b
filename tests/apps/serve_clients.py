#!/usr/bin/env python3
"""Real clients against a running server; prints what is wrong.

    serve_clients.py NAME URL PACKAGE [OUT]    NAME: triton, kserve, websockets, promtool or chromium
Exit code 3: what the check needs is not installed.
"""
import asyncio
import base64
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

NAME, URL, PACKAGE = sys.argv[1:4]
ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFEST = json.loads((pathlib.Path(PACKAGE) / "manifest.json").read_text())
MODEL = MANIFEST["name"]


def absent(what):
    print(f"needs {what}")
    sys.exit(3)


def expect(found, wanted, what):
    if found != wanted:
        sys.exit(f"{what}: {found!r} in place of {wanted!r}")


def golden():
    try:
        import numpy
    except ImportError as error:
        absent(f"numpy: {error}")
    return numpy.load(pathlib.Path(PACKAGE) / MANIFEST["golden"]["vectors"][0]["input"])


def decoded():
    """What /v1/decode says of the golden input."""
    body = json.dumps({"signal": golden().tolist()}).encode()
    request = urllib.request.Request(URL + "/v1/decode", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["text"]


def triton():
    try:
        import tritonclient.http as client
        from tritonclient.utils import InferenceServerException
    except ImportError as error:
        absent(f"tritonclient[http]: {error}")
    server = client.InferenceServerClient(URL.split("//")[1])
    expect((server.is_server_live(), server.is_server_ready(), server.is_model_ready(MODEL)), (True, True, True), "health")
    expect(server.is_model_ready("other"), False, "an unknown model is ready")
    metadata = server.get_model_metadata(MODEL)
    expect([port["name"] for port in metadata["inputs"]], ["signal"], "inputs")
    server.get_model_config(MODEL), server.get_inference_statistics(MODEL), server.get_model_repository_index()
    signal = golden()[None]
    texts, emissions = [], []
    for binary in (True, False):
        given = client.InferInput("signal", signal.shape, "FP32")
        given.set_data_from_numpy(signal, binary_data=binary)
        wanted = [client.InferRequestedOutput(port["name"], binary_data=binary) for port in metadata["outputs"]]
        result = server.infer(MODEL, [given], outputs=wanted, request_id="7")
        expect(result.get_response()["id"], "7", "id")
        text = result.as_numpy("text")[0]
        texts.append(text.decode() if isinstance(text, bytes) else text)
        emissions.append(result.as_numpy(metadata["outputs"][2]["name"]))
    expect(texts, [decoded()] * 2, "texts")
    expect(bool(abs(emissions[0] - emissions[1]).max() < 1e-5), True, "binary and JSON agree")
    wrong = client.InferInput("signal", [1, 1, 10], "FP32")
    wrong.set_data_from_numpy(signal[:, :1, :10])
    for model, given, status in (("other", wrong, "404"), (MODEL, wrong, "400")):
        try:
            server.infer(model, [given])
            sys.exit(f"{model}: no error")
        except InferenceServerException as error:
            expect(error.status(), status, f"{model}: {error}")
    server.load_model(MODEL)
    expect(server.infer(MODEL, [client_input(client, signal)]).as_numpy("text")[0].decode(), texts[0], "after a reload")


def client_input(client, signal):
    given = client.InferInput("signal", signal.shape, "FP32")
    given.set_data_from_numpy(signal)
    return given


def kserve():
    try:
        from kserve import InferenceRESTClient, InferInput, InferRequest
        from kserve.inference_client import RESTConfig
    except ImportError as error:
        absent(f"kserve: {error}")

    async def run():
        client = InferenceRESTClient(RESTConfig(protocol="v2"))
        expect(await client.is_server_ready(URL), True, "server ready")
        expect(await client.is_model_ready(URL, MODEL), True, "model ready")
        given = InferInput("signal", list(golden()[None].shape), "FP32")
        given.set_data_from_numpy(golden()[None], binary_data=False)
        request = InferRequest(model_name=MODEL, infer_inputs=[given])
        answer = await client.infer(URL, request, model_name=MODEL)
        expect(next(o.data for o in answer.outputs if o.name == "text"), [decoded()], "text")

    asyncio.run(run())


def websockets_script():
    """The script of docs/serve.md, as it stands there."""
    try:
        import numpy
        import websockets  # noqa: F401
    except ImportError as error:
        absent(f"websockets: {error}")
    script = re.search(r"```python\n(import asyncio.*?)```", (ROOT / "docs/serve.md").read_text(), re.S).group(1)
    expect(len(script.splitlines()) <= 24, True, "lines")
    contract = MANIFEST["signal"]
    script = script.replace("ws://127.0.0.1:8000", URL.replace("http", "ws")).replace('"rate_hz": 125', f'"rate_hz": {contract["rate_hz"]}')
    script = script.replace('"unit": "uV"', f'"unit": "{contract["unit"]}"')
    with tempfile.TemporaryDirectory() as folder:
        numpy.save(pathlib.Path(folder) / "signal.npy", golden())
        (pathlib.Path(folder) / "stream.py").write_text(script)
        done = subprocess.run([sys.executable, "stream.py"], cwd=folder, capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    if done.returncode or not any(line.startswith("final ") for line in lines):
        sys.exit(f"{done.stdout}{done.stderr}")
    said = re.split(r"^(ready|partial|segment|fault|latency|final) ", done.stdout, flags=re.M)
    texts = {"partial": "", "segment": "", "final": ""}
    committed = ""
    for kind, text in zip(said[1::2], said[2::2]):
        committed += text if kind in ("partial", "segment") else ""
        texts[kind] = text
    expect("".join(committed.split()), "".join(texts["final"].split()), "committed text")


def promtool():
    if not shutil.which("promtool"):
        absent("promtool (Debian's prometheus)")
    decoded()
    text = urllib.request.urlopen(URL + "/metrics").read()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    if done.returncode:
        sys.exit((done.stdout + done.stderr).decode())


def chromium():
    """Loads the page, replays the golden recording, sees text; screenshots of four kinds go to OUT."""
    try:
        import websockets
    except ImportError as error:
        absent(f"websockets: {error}")
    browser = shutil.which("chromium")
    if not browser:
        absent("chromium")
    out = pathlib.Path(sys.argv[4]) if len(sys.argv) > 4 else None
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"],
            stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                found = re.search(r"ws://[^/]+", line)
                if found:
                    break
            else:
                sys.exit("chromium did not start")
            asyncio.run(drive(websockets, found.group().replace("ws", "http"), out))
        finally:
            process.kill()
            process.wait()


async def drive(websockets, devtools, out):
    target = json.load(urllib.request.urlopen(urllib.request.Request(f"{devtools}/json/new?{URL}", method="PUT")))
    async with websockets.connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
        number = 0

        async def call(method, **params):
            nonlocal number
            number += 1
            await socket.send(json.dumps({"id": number, "method": method, "params": params}))
            while True:
                answer = json.loads(await socket.recv())
                if answer.get("id") == number:
                    return answer.get("result", answer)

        async def value(script):
            return (await call("Runtime.evaluate", expression=script, awaitPromise=True))["result"].get("value")

        async def until(script, what):
            for _ in range(600):
                if await value(script):
                    return
                await asyncio.sleep(0.1)
            status = await value("document.getElementById('status').textContent")
            sys.exit(f"{what} never came; status: {status}")

        await until("document.getElementById('status')?.textContent === 'ready'", "the model card")
        await value("document.getElementById('speed').value = '4'; document.getElementById('golden').focus()")
        for kind in ("keyDown", "keyUp"):  # by keyboard
            await call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
        await until("document.getElementById('status').textContent.startsWith('done')", "the final text")
        text = await value("document.getElementById('text').textContent")
        expect(await value("document.getElementById('status').textContent"), f"done: {text}", "text on the page")
        expect(len(text.split()) > 1 and text.split()[0] in MANIFEST["golden"]["vectors"][0]["text"], True, f"words in '{text}'")
        expect(await value("state.latencies.length > 0 && document.getElementById('card').rows.length > 5"), True, "latency and card")
        unnamed = "[...document.querySelectorAll('button,select,input')].filter(e => !e.textContent.trim() && !e.labels?.length && !e.ariaLabel).length"
        expect(await value(unnamed), 0, "controls without a label")
        for name, width, scheme in (("light", 1100, "light"), ("dark", 1100, "dark"), ("phone", 390, "light"), ("phone_dark", 390, "dark")):
            await call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
            await call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            await value("draw(); new Promise(done => requestAnimationFrame(() => done(1)))")
            expect(await value("document.documentElement.scrollWidth <= innerWidth"), True, f"{name}: fits its width")
            shot = await call("Page.captureScreenshot", captureBeyondViewport=True)
            if out:
                out.mkdir(parents=True, exist_ok=True)
                (out / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


{"triton": triton, "kserve": kserve, "websockets": websockets_script, "promtool": promtool, "chromium": chromium}[NAME]()
