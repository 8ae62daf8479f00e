using Milvus.Storage.Files;

namespace Milvus.Storage.Objects;

/// <summary>
/// Objects as files below one directory; the key is the relative path. An object is written to a temporary file, synced, renamed to
/// its key and its directory synced. Safe for concurrent use, also by several processes that share the directory: each writes its temporary
/// files into a directory of its own, guarded by a lock that ends with the store or its process. Dispose it when nobody writes any more.
/// </summary>
public sealed class LocalObjectStore : IObjectStore, IDisposable
{
    // A leading dot is no valid key, so objects never meet this name.
    private const string TemporaryDirectory = ".tmp";
    private const string LockSuffix = ".lock";
    private const int PublishAttempts = 10;
    private const int WriteBufferBytes = 128 << 10;

    private static readonly EnumerationOptions WholeTree = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly string _root;
    private readonly string _temporary;
    private readonly Lock _names = new();
    private readonly FileStream _temporaryLock;
    private long _temporaryCount;

    /// <summary>Opens the store, creating the directory; removes what interrupted writes left behind.</summary>
    public LocalObjectStore(string root)
    {
        _root = Path.GetFullPath(root);
        var temporaries = Path.Combine(_root, TemporaryDirectory);
        DirectoryNames.CreateDurably(temporaries);
        RemoveAbandoned(temporaries);
        (_temporary, _temporaryLock) = ClaimTemporary(temporaries);
    }

    // What a store that is gone has left behind. Its lock can be taken only when its process has ended.
    private static void RemoveAbandoned(string temporaries)
    {
        foreach (var file in Directory.GetFiles(temporaries))
        {
            try
            {
                if (!file.EndsWith(LockSuffix, StringComparison.Ordinal))
                {
                    // Of versions that had no locks.
                    File.Delete(file);
                    continue;
                }
                using var abandoned = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                var directory = file[..^LockSuffix.Length];
                if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
                File.Delete(file);
            }
            catch (IOException)
            {
                // In use, or another store removes it at this moment.
            }
        }
    }

    private static (string Directory, FileStream Lock) ClaimTemporary(string temporaries)
    {
        while (true)
        {
            var directory = Path.Combine(temporaries, Guid.NewGuid().ToString("N"));
            var claim = new FileStream(directory + LockSuffix, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            Directory.CreateDirectory(directory);
            // Another store may have taken it for abandoned between its creation and its lock.
            if (File.Exists(directory + LockSuffix) && Directory.Exists(directory)) return (directory, claim);
            claim.Dispose();
        }
    }

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        ObjectKeys.Validate(key);
        var temporary = NewTemporaryPath();
        try
        {
            var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, WriteBufferBytes, FileOptions.None);
            await using (file.ConfigureAwait(false))
            {
                var stream = new ForwardOnlyStream(file);
                await using (stream.ConfigureAwait(false))
                    await write(stream, cancellationToken).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }
            Publish(temporary, key);
        }
        catch
        {
            Discard(temporary);
            throw;
        }
    }

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        PutAsync(key, async (stream, token) => await stream.WriteAsync(content, token).ConfigureAwait(false), cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (length is { } bytes)
            ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(length));
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        try
        {
            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var end = RandomAccess.GetLength(handle);
            if (length is { } limit && limit < end - offset)
                end = offset + limit;
            return Task.FromResult<Stream>(new FileRangeStream(handle, offset, end));
        }
        catch (Exception e) when (IsMissing(e, path))
        {
            throw new ObjectNotFoundException(key, path, e);
        }
    }

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default)
    {
        var file = new FileInfo(PathOf(key));
        return Task.FromResult(file.Exists ? file.Length : (long?)null);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ObjectKeys.ValidatePrefix(prefix);
        var slash = prefix.LastIndexOf('/');
        var directory = new DirectoryInfo(slash < 0 ? _root : PathOf(prefix[..slash]));
        var found = new List<ObjectInfo>();
        if (directory.Exists)
            foreach (var file in directory.EnumerateFiles("*", WholeTree))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var key = Path.GetRelativePath(_root, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
                if (key.StartsWith(prefix, StringComparison.Ordinal) && ObjectKeys.IsValid(key) && TryGetLength(file) is { } length)
                    found.Add(new ObjectInfo(key, length));
            }
        found.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return found.ToAsyncEnumerable();
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        lock (_names)
        {
            try
            {
                File.Delete(path);
            }
            catch (DirectoryNotFoundException)
            {
                return Task.CompletedTask;
            }
            RemoveEmptyParents(path);
        }
        return Task.CompletedTask;
    }

    /// <summary>Removes the directory of temporary files, and with it what interrupted writes left there.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(_temporary)) Directory.Delete(_temporary, recursive: true);
            _temporaryLock.Dispose();
            File.Delete(_temporaryLock.Name);
        }
        catch (IOException)
        {
            // The next store removes it.
            _temporaryLock.Dispose();
        }
    }

    public string? TryGetLocalPath(string key) => PathOf(key);

    private string PathOf(string key)
    {
        ObjectKeys.Validate(key);
        return Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));
    }

    private string NewTemporaryPath() => Path.Combine(_temporary, $"{Interlocked.Increment(ref _temporaryCount)}.part");

    // The lock keeps a concurrent delete from removing the directory between its creation and the rename.
    private void Publish(string temporary, string key)
    {
        var path = PathOf(key);
        var directory = Path.GetDirectoryName(path)!;
        lock (_names)
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    DirectoryNames.CreateDurably(directory);
                    File.Move(temporary, path, overwrite: true);
                    DirectoryNames.Sync(directory);
                    return;
                }
                catch (DirectoryNotFoundException) when (attempt < PublishAttempts)
                {
                    // Another process removed the directory because it was empty.
                }
            }
        }
    }

    private void RemoveEmptyParents(string path)
    {
        for (var parent = Path.GetDirectoryName(path)!; parent.Length > _root.Length; parent = Path.GetDirectoryName(parent)!)
        {
            try
            {
                if (Directory.EnumerateFileSystemEntries(parent).Any())
                    return;
                Directory.Delete(parent);
            }
            catch (IOException)
            {
                // Another process has put something into it, or removed it.
                return;
            }
        }
    }

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (IOException)
        {
            // The next start removes it; the caller shall see why the write failed, not this.
        }
    }

    private static long? TryGetLength(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return null; // Deleted since it was listed.
        }
    }

    private static bool IsMissing(Exception exception, string path) =>
        exception is FileNotFoundException or DirectoryNotFoundException || (exception is UnauthorizedAccessException && Directory.Exists(path));
}
