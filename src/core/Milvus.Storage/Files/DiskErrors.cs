namespace Milvus.Storage.Files;

/// <summary>Tells the causes of an <see cref="IOException"/> apart that callers treat differently.</summary>
public static class DiskErrors
{
    private const int PosixNoSpace = 28;
    private const int PosixQuota = 122;
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>True when the device or the quota is used up: retrying helps once space is freed.</summary>
    public static bool IsDiskFull(Exception exception) =>
        exception is IOException { HResult: PosixNoSpace or PosixQuota or WindowsHandleDiskFull or WindowsDiskFull };

    /// <summary>The error a full disk gives; for fault decorators and checks that run before a write.</summary>
    public static IOException DiskFull(string path) => new($"No space left on device : '{path}'", PosixNoSpace);
}
