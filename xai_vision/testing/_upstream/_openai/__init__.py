"""A server with OpenAI's API, such as Ollama, llama.cpp or vLLM, as the upstream."""
