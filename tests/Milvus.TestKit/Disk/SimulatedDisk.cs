using Milvus.Storage.Files;

namespace Milvus.TestKit.Disk;

/// <summary>
/// A file system in memory that can fill up, fail and lose power. One seed decides everything it does. Content becomes durable by syncing
/// the file, names by syncing their directory; after <see cref="Restart"/> with a power cut everything else is as torn as a disk may
/// leave it, in sectors of 512 bytes. Safe for concurrent use.
/// </summary>
public sealed class SimulatedDisk : IFileSystem
{
    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly Dictionary<string, SimulatedFile> _names;
    private readonly Dictionary<string, SimulatedFile> _durableNames;
    private readonly HashSet<string> _directories;
    private long _crashAfter = long.MaxValue;
    private int _failingSyncs;
    private bool _stopped;

    public SimulatedDisk(int seed)
        : this(new Random(seed), [], [])
    {
    }

    private SimulatedDisk(Random random, Dictionary<string, SimulatedFile> names, HashSet<string> directories)
    {
        _random = random;
        _names = names;
        _durableNames = new(names);
        _directories = directories;
    }

    /// <summary>Bytes that writes may still add; beyond them they fail like on a full disk, a part already written.</summary>
    public long FreeBytes { get; set; } = long.MaxValue;

    /// <summary>Operations so far that change something; for choosing where to crash.</summary>
    public long Operations { get; private set; }

    public int OpenHandles { get; private set; }

    public long SyncCount { get; private set; }

    public IReadOnlyList<string> Paths
    {
        get
        {
            lock (_gate)
                return [.. _names.Keys.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The machine stops within the changing operation that comes after <paramref name="operations"/> more; a write may be partly done.</summary>
    public void CrashAfter(long operations) => _crashAfter = operations;

    /// <summary>The next syncs of files fail, and what they should have written may never be.</summary>
    public void FailSyncs(int count) => _failingSyncs = count;

    /// <summary>The disk as the next process finds it: as it was seen or, after a power cut, as far as it was synced and torn.</summary>
    public SimulatedDisk Restart(bool powerCut)
    {
        lock (_gate)
        {
            _stopped = true;
            var names = new Dictionary<string, SimulatedFile>();
            foreach (var path in _names.Keys.Union(_durableNames.Keys).Order(StringComparer.Ordinal))
            {
                var file = powerCut && _random.Next(2) == 0 ? _durableNames.GetValueOrDefault(path) : _names.GetValueOrDefault(path);
                if (file is not null)
                    names[path] = powerCut ? new SimulatedFile(file.Tear(_random)) : new SimulatedFile(file.Visible);
            }
            return new SimulatedDisk(_random, names, [.. _directories]);
        }
    }

    public byte[] Get(string path)
    {
        lock (_gate)
            return _names[path].Visible.ToArray();
    }

    /// <summary>Replaces a file's bytes behind everybody's back.</summary>
    public void Set(string path, byte[] content)
    {
        lock (_gate)
            _names[path].Damage(content);
    }

    /// <summary>Removes a file behind everybody's back.</summary>
    public void Lose(string path)
    {
        lock (_gate)
        {
            _names.Remove(path);
            _durableNames.Remove(path);
        }
    }

    /// <summary>Moves a file behind everybody's back.</summary>
    public void Move(string from, string to)
    {
        lock (_gate)
        {
            _names[to] = _names[from];
            _durableNames[to] = _names[from];
            _names.Remove(from);
            _durableNames.Remove(from);
        }
    }

    public bool DirectoryExists(string path)
    {
        lock (_gate)
            return _directories.Contains(path);
    }

    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            Step();
            for (var end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
                _directories.Add(path[..end]);
        }
    }

    public IReadOnlyList<string> ListDirectories(string path)
    {
        lock (_gate)
            return [.. _directories.Where(d => IsInside(path, d)).Select(d => d[(path.Length + 1)..]).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<FileEntry> ListFiles(string path)
    {
        lock (_gate)
        {
            ThrowIfStopped();
            return
            [
                .. _names.Where(n => IsInside(path, n.Key))
                    .Select(n => new FileEntry(n.Key[(path.Length + 1)..], n.Value.Visible.Length))
                    .OrderBy(e => e.Name, StringComparer.Ordinal),
            ];
        }
    }

    public ILogFile Open(string path, FileOpening opening)
    {
        lock (_gate)
        {
            ThrowIfStopped();
            if (opening == FileOpening.CreateEmpty)
                CreateEmpty(path);
            if (!_names.TryGetValue(path, out var file))
                throw new FileNotFoundException(path);
            OpenHandles++;
            return new Handle(this, path, file, opening != FileOpening.Read);
        }
    }

    public void DeleteFile(string path)
    {
        lock (_gate)
        {
            Step();
            if (_names.Remove(path, out var file))
                Free(file.Visible.Length);
        }
    }

    public void DeleteDirectory(string path)
    {
        lock (_gate)
        {
            Step();
            _directories.Remove(path);
            foreach (var name in _names.Keys.Union(_durableNames.Keys).Where(n => IsInside(path, n)).ToList())
            {
                _names.Remove(name);
                _durableNames.Remove(name);
            }
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            Step();
            foreach (var name in _durableNames.Keys.Where(n => IsInside(path, n)).ToList())
                _durableNames.Remove(name);
            foreach (var (name, file) in _names.Where(n => IsInside(path, n.Key)))
                _durableNames[name] = file;
        }
    }

    public string Combine(string directory, string name) => directory + "/" + name;

    private static bool IsInside(string directory, string path) =>
        path.Length > directory.Length + 1
        && path.StartsWith(directory, StringComparison.Ordinal)
        && path[directory.Length] == '/'
        && path.IndexOf('/', directory.Length + 1) < 0;

    private void CreateEmpty(string path)
    {
        Step();
        if (!_directories.Contains(path[..path.LastIndexOf('/')]))
            throw new DirectoryNotFoundException(path);
        if (_names.TryGetValue(path, out var existing))
        {
            Free(existing.Visible.Length);
            existing.SetLength(0);
        }
        else
        {
            _names[path] = new SimulatedFile([]);
        }
    }

    private void Free(long bytes)
    {
        if (FreeBytes != long.MaxValue)
            FreeBytes += bytes;
    }

    private void ThrowIfStopped()
    {
        if (_stopped)
            throw new SimulatedCrashException();
    }

    private bool CrashesNow()
    {
        ThrowIfStopped();
        Operations++;
        return _crashAfter-- <= 0;
    }

    private void Stop()
    {
        _stopped = true;
        throw new SimulatedCrashException();
    }

    private void Step()
    {
        if (CrashesNow())
            Stop();
    }

    private void Write(SimulatedFile file, string path, long offset, byte[] bytes)
    {
        lock (_gate)
        {
            var crashes = CrashesNow();
            var before = file.Visible.Length;
            var growth = Math.Max(0, offset + bytes.Length - before);
            var isFull = growth > FreeBytes;
            var fits = isFull ? bytes.Length - (int)(growth - FreeBytes) : bytes.Length;
            file.Write(offset, bytes.AsSpan(0, crashes ? _random.Next(fits + 1) : fits));
            Free(before - file.Visible.Length);
            if (crashes)
                Stop();
            if (isFull)
                throw DiskErrors.DiskFull(path);
        }
    }

    private void SetLength(SimulatedFile file, long length)
    {
        lock (_gate)
        {
            Step();
            Free(file.Visible.Length - length);
            file.SetLength(length);
        }
    }

    private void Sync(SimulatedFile file, string path)
    {
        lock (_gate)
        {
            Step();
            SyncCount++;
            if (_failingSyncs > 0)
            {
                _failingSyncs--;
                file.FailSync(_random);
                throw new IOException($"simulated input/output error : '{path}'", 5);
            }
            file.Sync();
        }
    }

    private sealed class Handle(SimulatedDisk disk, string path, SimulatedFile file, bool writable) : ILogFile
    {
        private bool _closed;

        public string Path => path;

        public long Length
        {
            get
            {
                lock (disk._gate)
                    return file.Visible.Length;
            }
        }

        public int Read(long offset, Span<byte> buffer)
        {
            ThrowIfUnusable(forWriting: false);
            lock (disk._gate)
            {
                var count = (int)Math.Clamp(file.Visible.Length - offset, 0, buffer.Length);
                file.Visible.Slice((int)Math.Min(offset, file.Visible.Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
        {
            ThrowIfUnusable(forWriting: true);
            var bytes = new byte[buffers.Sum(b => b.Length)];
            var at = 0;
            foreach (var buffer in buffers)
            {
                buffer.CopyTo(bytes.AsMemory(at));
                at += buffer.Length;
            }
            disk.Write(file, path, offset, bytes);
        }

        public void SetLength(long length)
        {
            ThrowIfUnusable(forWriting: true);
            disk.SetLength(file, length);
        }

        public void Sync()
        {
            ThrowIfUnusable(forWriting: true);
            disk.Sync(file, path);
        }

        public void Dispose()
        {
            if (_closed)
                return;
            _closed = true;
            lock (disk._gate) disk.OpenHandles--;
        }

        private void ThrowIfUnusable(bool forWriting)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            disk.ThrowIfStopped();
            if (forWriting && !writable)
                throw new UnauthorizedAccessException(path);
        }
    }
}
