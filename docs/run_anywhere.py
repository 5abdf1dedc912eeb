"""Play 64 notes with any Antiphon model and nothing but ONNX Runtime: python run_anywhere.py folk.onnx"""

import json
import sys

import numpy as np
import onnxruntime as ort

session = ort.InferenceSession(sys.argv[1])
card = json.loads(session.get_modelmeta().custom_metadata_map["antiphon"])
random = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 7)
memory, fields, metre = card["memory"], card["fields"], card["defaults"]["metre"]
numerator, denominator = map(int, metre.split("/"))
free = {"batch": 1, "memory": memory["length"] + 1 if memory else 0}
feed = {}
for port in session.get_inputs():
    kind = np.int32 if "int32" in port.type else np.float32
    feed[port.name] = np.zeros([free.get(size, size) for size in port.shape], kind)
feed |= {s["name"]: np.full([1, *s["shape"]], s["initial"], s["dtype"]) for s in card["state"]}
feed["note"][0] = [feed["mask_" + f["name"]].shape[1] for f in fields]  # what stands before the first note
feed["clock"][0, 2] = card["ticks_per_beat"] * 4 * numerator // denominator
feed["conditions"][0, 0] = card["metres"].index(metre) + 1
feed["forced"][:], feed["temperature"][:], feed["top_p"][:] = -1, card["defaults"]["temperature"], 0.95
feed["mask_delta"][0, -1] = -1e9  # the last delta means the end of the piece: not yet
if memory:
    feed["memory_positions"][0] = [-1e7] + [1e7] * memory["length"]  # row 0 means "nothing", 1e7 unused
names, tick, position = [port.name for port in session.get_outputs()], 0, 0
for step in range(64):
    feed["uniform"] = random.random((1, len(fields)), np.float32)
    out = dict(zip(names, session.run(None, feed), strict=True))
    if memory:  # this step's key, and the value that completes the step before
        row, before = 1 + step % memory["length"], 1 + (step - 1) % memory["length"]
        feed["memory_positions"][0, row], feed["memory_keys"][..., row] = 1e7, out["key"]
        if step:
            feed["memory_values"][:, :, before], feed["memory_positions"][0, before] = out["value"], position
        position = feed["clock"][0, 0] * 1024 + feed["clock"][0, 1]
    note = {f["name"]: f["values"][code] for f, code in zip(fields, out["chosen"][0], strict=True)}
    tick += note["delta"]
    beat, length = tick / card["ticks_per_beat"], note.get("duration", 1) / card["ticks_per_beat"]
    print(f"beat {beat:7.3f}  pitch {note['pitch']:3d}  beats {length:5.3f}  part {note.get('part', 0)}")
    feed |= {"note": out["chosen"]} | {name[:-4]: out[name] for name in names if name.endswith("_out")}
