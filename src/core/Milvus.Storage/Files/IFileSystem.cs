namespace Milvus.Storage.Files;

/// <summary>
/// The few operations that the log needs from a file system, with durability spelled out: a file's content is durable after
/// <see cref="ILogFile.Sync"/>, its name (creation, deletion) after <see cref="SyncDirectory"/>. Failures are
/// <see cref="IOException"/>s. Tests replace it by a simulated disk that crashes.
/// </summary>
public interface IFileSystem
{
    bool DirectoryExists(string path);

    /// <summary>Creates the directory and its parents, durably; does nothing when it exists.</summary>
    void CreateDirectory(string path);

    /// <summary>Names (not paths) of the directories directly inside; empty when the directory does not exist.</summary>
    IReadOnlyList<string> ListDirectories(string path);

    /// <summary>The files directly inside, in ordinal order of their names; empty when the directory does not exist.</summary>
    IReadOnlyList<FileEntry> ListFiles(string path);

    /// <summary>Opens a file exclusively for writing, or for reading shared.</summary>
    ILogFile Open(string path, FileOpening opening);

    /// <summary>Removes a file; does nothing when there is none.</summary>
    void DeleteFile(string path);

    /// <summary>Removes a directory with its files; does nothing when there is none.</summary>
    void DeleteDirectory(string path);

    /// <summary>Makes the names inside the directory durable.</summary>
    void SyncDirectory(string path);

    string Combine(string directory, string name);
}

/// <summary>A file's name inside its directory and its length in bytes.</summary>
public readonly record struct FileEntry(string Name, long Length);

public enum FileOpening
{
    /// <summary>An existing file, for reading only.</summary>
    Read,

    /// <summary>An existing file, for reading and writing.</summary>
    Write,

    /// <summary>A new file, or an existing one emptied, for reading and writing.</summary>
    CreateEmpty,
}

/// <summary>An open file with positional access. Not thread-safe for writes.</summary>
public interface ILogFile : IDisposable
{
    string Path { get; }

    long Length { get; }

    /// <summary>Reads up to <paramref name="buffer"/>'s length; fewer only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all buffers one after the other from <paramref name="offset"/>. When it throws, any prefix may have been written.</summary>
    void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers);

    /// <summary>Cuts or extends (with zeros) the file.</summary>
    void SetLength(long length);

    /// <summary>Makes content and length durable. After a failure the content of everything written since the last success is unknown.</summary>
    void Sync();
}
