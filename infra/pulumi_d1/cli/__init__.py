"""The `d1` command.

One file per command; `d1 emulator` and `d1 local` are in d1_emulator::

    main            the group of all commands
    adopt           `d1 adopt`
    backup          the group `d1 backup`
    backup_create   `d1 backup create`
    backup_list     `d1 backup list`
    backup_prune    `d1 backup prune`
    backup_restore  `d1 backup restore`
    backup_verify   `d1 backup verify`
    baseline        `d1 baseline`
    comment         `d1 comment`
    contract        the group `d1 contract`
    copy            `d1 copy`
    ephemeral       the group `d1 ephemeral`
    ephemeral_down  `d1 ephemeral down`
    ephemeral_list  `d1 ephemeral list`
    ephemeral_up    `d1 ephemeral up`
    explain         `d1 explain`
    fleet/          `d1 fleet`
    history         `d1 history`
    init            `d1 init`
    new             `d1 new`
    plan            `d1 plan`
    pull            `d1 pull`
    rebuild         `d1 rebuild`
    release         `d1 release`
    render          `d1 render`
    report          `d1 report`
    restore         `d1 restore`
    schema          `d1 schema`
    squash          `d1 squash`
    status          `d1 status`
    sweep           `d1 sweep`
    test            `d1 test`
    undo            `d1 undo`
    support/        plumbing of the commands
"""

from pulumi_d1.cli.main import main

__all__ = ["main"]
