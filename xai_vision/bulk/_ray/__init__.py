"""The parts of ``xai_vision.bulk.ray``. None of them imports Ray."""
