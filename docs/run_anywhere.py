"""Play 64 notes by any Antiphon model of notes, with ONNX Runtime alone: python run_anywhere.py folk.onnx"""

import json
import sys

import numpy as np
import onnxruntime as ort

session = ort.InferenceSession(sys.argv[1])
card = json.loads(session.get_modelmeta().custom_metadata_map["antiphon"])
fields, ticks, likes = card["fields"], card["ticks_per_beat"], card["defaults"]
sizes, types = {"batch": 1, "memory": 65}, {"tensor(int32)": np.int32, "tensor(float)": np.float32}
feed = {i.name: np.zeros([sizes.get(n, n) for n in i.shape], types[i.type]) for i in session.get_inputs()}
feed |= {s["name"]: np.full([1, *s["shape"]], s["initial"], s["dtype"]) for s in card["state"]}
feed["note"][0] = [feed["mask_" + f["name"]].shape[1] for f in fields]  # what stands before the first note
feed["clock"][0, 2] = 4 * ticks * int(likes["metre"].split("/")[0]) // int(likes["metre"].split("/")[1])
feed["conditions"][0, 0] = card["metres"].index(likes["metre"]) + 1 if likes["metre"] in card["metres"] else 0
feed["forced"][:], feed["temperature"][:], feed["top_p"][:] = -1, likes["temperature"], likes["top_p"]
feed["mask_delta"][0, -1] = -1e9  # the last delta means the end of the piece: not yet
if card["memory"]:
    feed["memory_positions"][0] = [-1e7] + 64 * [1e9]  # row 0 stands for "nothing"; 1e9: still unused
names, draws = [o.name for o in session.get_outputs()], np.random.default_rng(7)
tick = place = 0
for step in range(1, 65):
    feed["uniform"] = draws.random((1, len(fields)), np.float32)
    out = dict(zip(names, session.run(None, feed), strict=True))
    if card["memory"]:
        feed["memory_keys"][..., step] = out["key"]
        if step > 1:  # what followed the step before is known only now
            feed["memory_values"][:, :, step - 1], feed["memory_positions"][0, step - 1] = out["value"], place
        place = feed["clock"][0, 0] * 1024 + feed["clock"][0, 1]
    note = {f["name"]: f["values"][code] for f, code in zip(fields, out["chosen"][0], strict=True)}
    tick += note["delta"]
    print(f"beat {tick / ticks:7.3f}  {json.dumps(note)}")
    feed |= {"note": out["chosen"]} | {name[:-4]: out[name] for name in names if name.endswith("_out")}
