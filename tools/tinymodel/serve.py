"""Serves a model by llama.cpp's own server on the loopback: serve.py MODEL.gguf PORT"""
import signal
import sys

import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames, params.port, params.ui = ["127.0.0.1"], int(sys.argv[2]), False
params.n_ctx, params.n_parallel = 8192, 1
server = xllamacpp.Server(params)
print("listening on", server.listening_address, flush=True)
signal.pause()
