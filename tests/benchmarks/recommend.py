"""The production recommender in the shape in which recommenders are measured against public listening data.

The measuring tool and its data are no part of the project; from the project's folder::

    .venv/bin/python PATH/evaluate.py tests.benchmarks.recommend:recommend
"""

from aggregator.recommendations.ranking import rank


def recommend(visible, similar, tags, friends, k, *, tag_artists=None, listeners=None, chart=None):
    """What an install would recommend: `rank` itself, and nothing of its own."""
    return rank(visible, similar, tags, friends, k, tag_artists=tag_artists, listeners=listeners, chart=chart or ())
