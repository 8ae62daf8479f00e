using Milvus.Storage.Files;
using Milvus.Storage.Objects;

namespace Milvus.TestKit.Objects;

/// <summary>The operations of an object store that a fault can strike.</summary>
[Flags]
public enum ObjectOperation
{
    None = 0,
    Put = 1,
    Read = 2,
    List = 4,
    Delete = 8,
    All = Put | Read | List | Delete,
}

/// <summary>
/// Wraps a store with faults, each set by the test: a failing call, a full disk, vanished or cut objects, reads that take their time. Without any it is
/// transparent. Reading a length counts as a read. Safe for concurrent use.
/// </summary>
public sealed class FaultyObjectStore(IObjectStore inner) : IObjectStore
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _cut = new(StringComparer.Ordinal);
    private long _calls;
    private long _failAt = -1;
    private bool _failOn;
    private ObjectOperation _failing;
    private Func<string, Exception>? _failure;
    private long _freeBytes = long.MaxValue;

    /// <summary>Calls so far, for choosing where to fail.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Bytes that puts may still write; beyond them every put fails like on a full disk.</summary>
    public long FreeBytes
    {
        get => Interlocked.Read(ref _freeBytes);
        set => Interlocked.Exchange(ref _freeBytes, value);
    }

    /// <summary>Every read waits for this before it begins.</summary>
    public Task ReadsWaitFor { get; set; } = Task.CompletedTask;

    /// <summary>The nth of the given calls from now (1 = the next) fails, and all later ones when <paramref name="onwards"/>.</summary>
    public void FailCall(long n, ObjectOperation operations = ObjectOperation.All, bool onwards = false, Func<string, Exception>? failure = null)
    {
        lock (_gate)
        {
            _failAt = n;
            _failOn = onwards;
            _failing = operations;
            _failure = failure ?? (key => new IOException($"injected failure on '{key}'"));
        }
    }

    /// <summary>The object is as if deleted behind the store's back; putting or deleting it ends that.</summary>
    public void Lose(string key)
    {
        lock (_gate)
            _missing.Add(key);
    }

    /// <summary>Reads of the object end after <paramref name="length"/> bytes while its length stays as it was.</summary>
    public void CutReads(string key, long length)
    {
        lock (_gate)
            _cut[key] = length;
    }

    /// <summary>Ends every fault.</summary>
    public void Heal()
    {
        lock (_gate)
        {
            _failAt = -1;
            _failOn = false;
            _failing = ObjectOperation.None;
            _missing.Clear();
            _cut.Clear();
        }
        FreeBytes = long.MaxValue;
    }

    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        Strike(ObjectOperation.Put, key);
        await inner.PutAsync(key, (stream, token) => write(new QuotaStream(this, stream, key), token), cancellationToken).ConfigureAwait(false);
        Restore(key);
    }

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        PutAsync(key, async (stream, token) => await stream.WriteAsync(content, token).ConfigureAwait(false), cancellationToken);

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        await ReadsWaitFor.WaitAsync(cancellationToken).ConfigureAwait(false);
        Strike(ObjectOperation.Read, key);
        long? cut;
        lock (_gate)
        {
            if (_missing.Contains(key))
                throw new ObjectNotFoundException(key, inner.TryGetLocalPath(key));
            cut = _cut.TryGetValue(key, out var bytes) ? Math.Max(0, bytes - offset) : null;
        }
        var shortened = cut is null ? length : Math.Min(cut.Value, length ?? long.MaxValue);
        return await inner.OpenReadAsync(key, offset, shortened, cancellationToken).ConfigureAwait(false);
    }

    public async Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default)
    {
        await ReadsWaitFor.WaitAsync(cancellationToken).ConfigureAwait(false);
        Strike(ObjectOperation.Read, key);
        lock (_gate)
        {
            if (_missing.Contains(key))
                return null;
        }
        return await inner.GetLengthAsync(key, cancellationToken).ConfigureAwait(false);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        Strike(ObjectOperation.List, prefix);
        return inner.ListAsync(prefix, cancellationToken).Where(o => !IsLost(o.Key));
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        Strike(ObjectOperation.Delete, key);
        await inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        Restore(key);
    }

    public string? TryGetLocalPath(string key) => inner.TryGetLocalPath(key);

    private bool IsLost(string key)
    {
        lock (_gate)
            return _missing.Contains(key);
    }

    private void Restore(string key)
    {
        lock (_gate)
        {
            _missing.Remove(key);
            _cut.Remove(key);
        }
    }

    private void Strike(ObjectOperation operation, string key)
    {
        Interlocked.Increment(ref _calls);
        lock (_gate)
        {
            if ((_failing & operation) == 0)
                return;
            _failAt--;
            if (_failAt == 0 || (_failAt < 0 && _failOn))
                throw _failure!(key);
        }
    }

    private void Spend(long bytes, string key)
    {
        if (FreeBytes != long.MaxValue && Interlocked.Add(ref _freeBytes, -bytes) < 0)
        {
            FreeBytes = 0;
            throw DiskErrors.DiskFull(key);
        }
    }

    private sealed class QuotaStream(FaultyObjectStore owner, Stream stream, string key) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => stream.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => stream.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            owner.Spend(buffer.Length, key);
            stream.Write(buffer);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            owner.Spend(buffer.Length, key);
            await stream.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
