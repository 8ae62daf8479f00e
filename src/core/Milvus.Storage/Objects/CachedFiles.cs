using System.Globalization;

namespace Milvus.Storage.Objects;

/// <summary>The directory of a <see cref="CachingObjectStore"/>: files by key, the least recently used leave when the limit is reached. Thread-safe.</summary>
internal sealed class CachedFiles
{
    // No key holds these characters, so neither name can be mistaken for another object's.
    private const char LengthMark = '~';
    private const string TemporaryDirectory = ".fetching";

    private readonly string _root;
    private readonly string _temporary;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Copy>> _copies = new(StringComparer.Ordinal);
    private readonly LinkedList<Copy> _byUse = new();
    private long _bytes;
    private long _temporaryCount;

    public CachedFiles(string directory, long limitBytes)
    {
        _root = Path.GetFullPath(directory);
        _temporary = Path.Combine(_root, TemporaryDirectory);
        LimitBytes = limitBytes;
        Directory.CreateDirectory(_temporary);
        foreach (var leftover in Directory.EnumerateFiles(_temporary)) Discard(leftover);
        TakeOver();
    }

    public long LimitBytes { get; }

    public long Bytes => Interlocked.Read(ref _bytes);

    public string NewTemporaryPath() => Path.Combine(_temporary, Interlocked.Increment(ref _temporaryCount).ToString(CultureInfo.InvariantCulture));

    /// <summary>A range of the copy of an object; null when there is none or it is not whole, in which case it is gone afterwards.</summary>
    public Stream? TryOpen(string key, long offset, long? length)
    {
        lock (_lock)
        {
            if (!_copies.TryGetValue(key, out var node)) return null;
            try
            {
                var handle = File.OpenHandle(PathOf(node.Value), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
                if (RandomAccess.GetLength(handle) == node.Value.Length)
                {
                    _byUse.Remove(node);
                    _byUse.AddLast(node);
                    var end = node.Value.Length;
                    if (length is { } limit && limit < end - offset) end = offset + limit;
                    return new FileRangeStream(handle, offset, end);
                }
                handle.Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody cleaned up the directory, or its disk fails.
            }
            Drop(node);
            return null;
        }
    }

    public bool Contains(string key)
    {
        lock (_lock) return _copies.ContainsKey(key);
    }

    /// <summary>Makes a fetched file the copy of an object, if it is whole; other copies leave to make room.</summary>
    public bool TryAdd(string key, long length, string path)
    {
        lock (_lock)
        {
            if (length > LimitBytes || new FileInfo(path).Length != length) return false;
            if (_copies.TryGetValue(key, out var old)) Drop(old);
            while (_bytes + length > LimitBytes && _byUse.First is { } oldest) Drop(oldest);
            var copy = new Copy(key, length);
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(copy))!);
            File.Move(path, PathOf(copy), overwrite: true);
            Add(copy);
            return true;
        }
    }

    public void Remove(string key)
    {
        lock (_lock)
            if (_copies.TryGetValue(key, out var node)) Drop(node);
    }

    public static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Space is lost until the next start, nothing else.
        }
    }

    private void TakeOver()
    {
        var found = new List<(Copy Copy, DateTime Used)>();
        foreach (var file in new DirectoryInfo(_root).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (CopyOf(file) is { } copy && copy.Length == file.Length) found.Add((copy, file.LastAccessTimeUtc));
            else if (file.Name.Contains(LengthMark)) Discard(file.FullName);
        }
        foreach (var (copy, _) in found.OrderBy(f => f.Used))
        {
            if (_copies.TryGetValue(copy.Key, out var other)) Drop(other);
            Add(copy);
        }
        while (_bytes > LimitBytes && _byUse.First is { } oldest) Drop(oldest);
    }

    private Copy? CopyOf(FileInfo file)
    {
        var name = Path.GetRelativePath(_root, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
        var mark = name.LastIndexOf(LengthMark);
        return mark > 0 && ObjectKeys.IsValid(name.AsSpan(0, mark)) && long.TryParse(name.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? new Copy(name[..mark], length)
            : null;
    }

    private void Add(Copy copy)
    {
        _copies.Add(copy.Key, _byUse.AddLast(copy));
        Interlocked.Add(ref _bytes, copy.Length);
    }

    private void Drop(LinkedListNode<Copy> node)
    {
        _byUse.Remove(node);
        _copies.Remove(node.Value.Key);
        Interlocked.Add(ref _bytes, -node.Value.Length);
        var path = PathOf(node.Value);
        Discard(path);
        RemoveEmptyParents(path);
    }

    private void RemoveEmptyParents(string path)
    {
        try
        {
            for (var parent = Path.GetDirectoryName(path)!; parent.Length > _root.Length && !Directory.EnumerateFileSystemEntries(parent).Any(); parent = Path.GetDirectoryName(parent)!)
                Directory.Delete(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else looks into the directory; an empty one is no harm.
        }
    }

    private string PathOf(Copy copy) =>
        Path.Combine(_root, string.Create(CultureInfo.InvariantCulture, $"{copy.Key.Replace('/', Path.DirectorySeparatorChar)}{LengthMark}{copy.Length}"));

    private sealed record Copy(string Key, long Length);
}
