using System.Globalization;

namespace Milvus.Storage.Files;

/// <summary>
/// Keeps a data directory to one process. The operating system releases it when the process ends, however it ends. Every store below the
/// directory relies on it.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private const string FileName = "LOCK";

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, creating the directory when it does not exist.</summary>
    /// <exception cref="IOException">Another process, or another part of this one, holds it; the message says so.</exception>
    public static DirectoryLock Acquire(string directory)
    {
        DirectoryNames.CreateDurably(directory);
        var path = Path.Combine(directory, FileName);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path) && !DiskErrors.IsDiskFull(e))
        {
            throw new IOException($"data directory '{directory}' is in use by another process", e);
        }
        // For the operator's eyes only; the lock is the open handle.
        file.SetLength(0);
        file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        file.Flush();
        return new DirectoryLock(file);
    }

    public void Dispose() => _file.Dispose();
}
