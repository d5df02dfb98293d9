"""The version of the course, in one place: the wheel, `wenjin --version` and the pages read it here."""

VERSION = "0.1.0"
