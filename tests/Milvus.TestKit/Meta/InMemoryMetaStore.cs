using System.Text;
using Milvus.Storage.Meta;

namespace Milvus.TestKit.Meta;

/// <summary>
/// A meta store without a disk. <see cref="FailNextCommit"/> makes one commit fail before it changes anything, <see cref="LoseContactAfterNextCommit"/>
/// leaves it unknown to the caller whether one happened.
/// </summary>
public sealed class InMemoryMetaStore : IMetaStore
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, byte[]> _entries = new(Utf8Order.Instance);
    private long _epoch;
    private Exception? _nextFailure;
    private Exception? _nextOutage;
    private string _outageFrom = "";
    private Exception? _outage;

    public int CommitCount { get; private set; }

    public void FailNextCommit(Exception failure) => _nextFailure = failure;

    /// <summary>The next commit that changes an entry under the prefix happens and throws, and so does all that follows until <see cref="Reconnect"/>.</summary>
    public void LoseContactAfterNextCommit(Exception outage, string prefix) => (_outageFrom, _nextOutage) = (prefix, outage);

    /// <summary>Ends an outage.</summary>
    public void Reconnect() => _outage = _nextOutage = null;

    public Task<IReadOnlyList<MetaEntry>> LoadAsync(string prefix, CancellationToken cancellationToken = default)
    {
        MetaKeys.ValidatePrefix(prefix);
        if (_outage is { } outage) throw outage;
        lock (_gate)
        {
            IReadOnlyList<MetaEntry> found =
                [.. _entries.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(e => new MetaEntry(e.Key, (byte[])e.Value.Clone()))];
            return Task.FromResult(found);
        }
    }

    public Task<long> AcquireEpochAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return Task.FromResult(++_epoch);
    }

    public Task CommitAsync(IReadOnlyList<MetaMutation> mutations, long epoch, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_outage is { } outage) throw outage;
        lock (_gate)
        {
            if (epoch < _epoch)
                throw new StaleEpochException(epoch, _epoch);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(epoch, _epoch);
            if (Interlocked.Exchange(ref _nextFailure, null) is { } failure)
                throw failure;
            foreach (var mutation in mutations)
                Apply(mutation);
            CommitCount++;
            if (mutations.Any(m => m.Key.StartsWith(_outageFrom, StringComparison.Ordinal)) && Interlocked.Exchange(ref _nextOutage, null) is { } lost) throw _outage = lost;
        }
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Apply(MetaMutation mutation)
    {
        switch (mutation.Kind)
        {
            case MetaMutationKind.Put:
                _entries[mutation.Key] = mutation.Value.ToArray();
                break;
            case MetaMutationKind.Delete:
                _entries.Remove(mutation.Key);
                break;
            default:
                foreach (var key in _entries.Keys.Where(k => k.StartsWith(mutation.Key, StringComparison.Ordinal)).ToList())
                    _entries.Remove(key);
                break;
        }
    }

    private sealed class Utf8Order : IComparer<string>
    {
        public static readonly Utf8Order Instance = new();

        public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));
    }
}
