using Milvus.Storage.Meta;
using Milvus.Storage.Objects;
using Milvus.TestKit.Disk;

namespace Milvus.Embedded.Tests.Rig;

/// <summary>
/// The power of the simulated machine for its meta store and objects: after it went off nothing that a forgotten task still does reaches
/// them. Counts operations, so that a seed can choose between which two it goes off.
/// </summary>
internal sealed class PowerSwitch
{
    private long _operations;
    private long _offAfter = long.MaxValue;
    private int _off;

    public bool IsOff => Volatile.Read(ref _off) != 0;

    public void OffAfter(long operations) => Volatile.Write(ref _offAfter, Interlocked.Read(ref _operations) + operations);

    public void Off() => Volatile.Write(ref _off, 1);

    public void Step()
    {
        if (Interlocked.Increment(ref _operations) > Volatile.Read(ref _offAfter)) Off();
        if (IsOff) throw new SimulatedCrashException();
    }
}

internal sealed class SwitchedMetaStore(IMetaStore inner, PowerSwitch power) : IMetaStore
{
    public Task<IReadOnlyList<MetaEntry>> LoadAsync(string prefix, CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.LoadAsync(prefix, cancellationToken);
    }

    public Task<long> AcquireEpochAsync(CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.AcquireEpochAsync(cancellationToken);
    }

    public async Task CommitAsync(IReadOnlyList<MetaMutation> mutations, long epoch, CancellationToken cancellationToken = default)
    {
        power.Step();
        await inner.CommitAsync(mutations, epoch, cancellationToken).ConfigureAwait(false);
        // The commit happened, and its acknowledgement got lost.
        power.Step();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

internal sealed class SwitchedObjectStore(IObjectStore inner, PowerSwitch power) : IObjectStore
{
    public async Task PutAsync(string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken = default)
    {
        power.Step();
        using var content = new MemoryStream();
        await write(content, cancellationToken).ConfigureAwait(false);
        power.Step();
        await inner.PutAsync(key, content.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.PutAsync(key, content, cancellationToken);
    }

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.OpenReadAsync(key, offset, length, cancellationToken);
    }

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.GetLengthAsync(key, cancellationToken);
    }

    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.ListAsync(prefix, cancellationToken);
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        power.Step();
        return inner.DeleteAsync(key, cancellationToken);
    }

    public string? TryGetLocalPath(string key) => inner.TryGetLocalPath(key);
}
