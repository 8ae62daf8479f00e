using Microsoft.Win32.SafeHandles;

namespace Milvus.Storage.Files;

/// <summary>The machine's own file system.</summary>
public sealed class LocalFileSystem : IFileSystem
{
    public static LocalFileSystem Instance { get; } = new();

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public void CreateDirectory(string path) => DirectoryNames.CreateDurably(path);

    public IReadOnlyList<string> ListDirectories(string path)
    {
        if (!Directory.Exists(path))
            return [];
        var names = Directory.EnumerateDirectories(path).Select(p => Path.GetFileName(p)).ToList();
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public IReadOnlyList<FileEntry> ListFiles(string path)
    {
        if (!Directory.Exists(path))
            return [];
        var files = new DirectoryInfo(path).EnumerateFiles().Select(f => new FileEntry(f.Name, f.Length)).ToList();
        files.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return files;
    }

    public ILogFile Open(string path, FileOpening opening)
    {
        var mode = opening == FileOpening.CreateEmpty ? FileMode.Create : FileMode.Open;
        var access = opening == FileOpening.Read ? FileAccess.Read : FileAccess.ReadWrite;
        // Readers look at a file while its owner appends, and the owner may trim it away under a reader that is done.
        var share = opening == FileOpening.Read ? FileShare.ReadWrite | FileShare.Delete : FileShare.Read | FileShare.Delete;
        return new LocalLogFile(path, File.OpenHandle(path, mode, access, share));
    }

    public void DeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone with its directory.
        }
    }

    public void DeleteDirectory(string path)
    {
        if (!Directory.Exists(path))
            return;
        Directory.Delete(path, recursive: true);
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent)
            DirectoryNames.Sync(parent);
    }

    public void SyncDirectory(string path) => DirectoryNames.Sync(path);

    public string Combine(string directory, string name) => Path.Combine(directory, name);

    private sealed class LocalLogFile(string path, SafeFileHandle handle) : ILogFile
    {
        public string Path => path;

        public long Length => RandomAccess.GetLength(handle);

        public int Read(long offset, Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], offset + total);
                if (read == 0)
                    break;
                total += read;
            }
            return total;
        }

        public void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers) => WriteBehind.Write(handle, offset, buffers);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
