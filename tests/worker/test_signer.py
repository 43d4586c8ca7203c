"""A second opinion on the inbound signature: a published signer, which works on Excel sheets."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from relay.signature import sign_inbound

pytestmark = pytest.mark.worker


def test_a_published_signer_signs_as_we_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = import_module("pandas")
    signer = import_module("YunxinServerApiSigner.main")
    secret, cur_time, bodies = "testAppSecret", 1440570500855, ["{}", '{"body":"这是测试消息 👋"}']
    sheet, signed = tmp_path / "requests.xlsx", tmp_path / "signed.xlsx"
    rows = [{"AppKey": "key", "AppSecret": secret, "CurTime": cur_time, "Body": body} for body in bodies]
    pandas.DataFrame(rows).to_excel(sheet, index=False)

    # It calls a method that pandas has renamed since.
    monkeypatch.setattr(pandas.ExcelWriter, "save", pandas.ExcelWriter.close, raising=False)
    monkeypatch.setattr(sys, "argv", ["sign", "--input-file", str(sheet), "--output-file", str(signed)])
    signer.main()

    for row, body in zip(pandas.read_excel(signed).to_dict("records"), bodies, strict=True):
        ours = sign_inbound(secret, body.encode(), cur_time)
        assert (row["MD5"], row["CheckSum"]) == (ours["MD5"], ours["CheckSum"])
