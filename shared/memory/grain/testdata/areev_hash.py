"""Answers each line [type, namespace, fields as JSON text] on standard input with the
content address that the Areev engine gives it, or "error: …".

    pip install areev==1.13.2
"""
import json
import os
import sys
import tempfile

import areev

with tempfile.TemporaryDirectory() as folder:
    handles = {}
    for line in sys.stdin:
        # The engine reads the fields' text itself: numbers keep their spelling.
        name, namespace, fields = json.loads(line)
        if namespace not in handles:
            path = os.path.join(folder, f"{len(handles)}.db")
            handles[namespace] = areev.Areev(path, ns=namespace)
        try:
            print(handles[namespace].add(name, fields), flush=True)
        except Exception as refused:
            print("error:", str(refused).replace("\n", " "), flush=True)
