"""Whether a folder lies where a recording is not safe: synced to a cloud, or on another computer's disk."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_SYNCED_NAMES: Final = {
    "Dropbox": "Dropbox",
    "OneDrive": "OneDrive",
    "Google Drive": "Google Drive",
    "GoogleDrive": "Google Drive",
    "My Drive": "Google Drive",
    "Mobile Documents": "iCloud",
    "iCloudDrive": "iCloud",
    "iCloud Drive": "iCloud",
    "CloudStorage": "a cloud",
    "Nextcloud": "Nextcloud",
    "ownCloud": "ownCloud",
    "Box": "Box",
    "Box Sync": "Box",
    "pCloudDrive": "pCloud",
    "pCloud Drive": "pCloud",
    "MEGA": "MEGA",
    "MEGAsync": "MEGA",
    "Syncthing": "Syncthing",
}
"""Names that the programs give their folders; some add ` - Name` or `-account` behind."""
_MARKS: Final = {
    ".dropbox.cache": "Dropbox",
    ".849C9593-D756-4E56-8D6E-42412F2A707B": "OneDrive",
    ".tmp.drivedownload": "Google Drive",
    ".tmp.driveupload": "Google Drive",
    ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud",
    ".stfolder": "Syncthing",
    ".stignore": "Syncthing",
}
"""What they leave in a folder that they sync, whatever its name."""
_MARK_PATTERNS: Final = {".sync_*.db": "Nextcloud", "._sync_*.db": "Nextcloud", ".csync_journal.db": "ownCloud"}
_VARIABLES: Final = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "sshfs", "davfs", "davfs2", "webdav", "9p", "afpfs", "afs"}
    | {"ceph", "glusterfs", "lustre", "ncpfs", "rclone", "s3fs", "gcsfuse", "gvfsd-fuse"}
)


class Mount(NamedTuple):
    """A mounted file system: where, and of which type (`fuse.sshfs`); `remote` as Windows tells."""

    point: str
    fstype: str
    remote: bool = False


def synced_by(folder: Path) -> str | None:
    """The program that copies `folder` to a cloud or to other computers, as far as names and marks tell; else None."""
    folder = folder.expanduser().resolve()
    for variable in _VARIABLES:
        root = os.environ.get(variable)
        if root and folder.is_relative_to(Path(root).resolve()):
            return "OneDrive"
    for part in (folder, *folder.parents):
        name = part.name
        known = next((one for one in _SYNCED_NAMES if name == one or _with_account(name, one)), None)
        if known is not None:
            return _SYNCED_NAMES[known]
        if (marked := _marked(part)) is not None:
            return marked
    return None


def network_of(folder: Path, mounts: Iterable[Mount] | None = None) -> str | None:
    """The type of the network file system that `folder` lies on, such as nfs; None for a disk of this computer."""
    resolved = folder.expanduser().resolve()
    if str(resolved).startswith("\\\\"):
        return "a network share"
    holding = [mount for mount in (_mounts() if mounts is None else mounts) if resolved.is_relative_to(mount.point)]
    if not holding:
        return None
    nearest = max(reversed(holding), key=lambda mount: len(mount.point))  # the last mounted lies on top
    fstype = nearest.fstype.casefold().removeprefix("fuse.")
    return nearest.fstype if nearest.remote or fstype in _NETWORK else None


def _with_account(name: str, known: str) -> bool:
    return any(name.startswith(known + sign) for sign in ("-", " - ", " ("))


def _marked(folder: Path) -> str | None:
    try:
        if (folder / ".dropbox").is_file():  # as a folder, it is the program's own, in the home folder
            return "Dropbox"
        for name, program in _MARKS.items():
            if (folder / name).exists():
                return program
        for pattern, program in _MARK_PATTERNS.items():
            if any(folder.glob(pattern)):
                return program
    except OSError:  # a folder above that may be entered and not read
        return None
    return None


def _mounts() -> list[Mount]:
    import psutil

    return [Mount(one.mountpoint, one.fstype, "remote" in one.opts) for one in psutil.disk_partitions(all=True)]
