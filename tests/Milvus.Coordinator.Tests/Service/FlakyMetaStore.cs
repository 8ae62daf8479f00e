using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Tests.Service;

/// <summary>A meta store that fails as told, before or after a commit took place.</summary>
internal sealed class FlakyMetaStore(IMetaStore inner) : IMetaStore
{
    /// <summary>The next commit with mutations happens, but the caller gets an error.</summary>
    public bool LoseNextAcknowledgement { get; set; }

    /// <summary>The next commit with mutations does not happen.</summary>
    public bool FailNextCommit { get; set; }

    /// <summary>Loads and empty commits fail as long as it is set.</summary>
    public bool Unreachable { get; set; }

    /// <summary>Called before each commit with mutations.</summary>
    public Action<IReadOnlyList<MetaMutation>>? OnCommit { get; set; }

    public async Task CommitAsync(IReadOnlyList<MetaMutation> mutations, long epoch, CancellationToken cancellationToken = default)
    {
        // Bounds of the oracle go through: they are not what is tested here.
        if (mutations.Count == 1 && mutations[0].Key.StartsWith("oracle/", StringComparison.Ordinal))
        {
            await inner.CommitAsync(mutations, epoch, cancellationToken);
            return;
        }
        if (mutations.Count == 0)
        {
            ThrowIfUnreachable();
            await inner.CommitAsync(mutations, epoch, cancellationToken);
            return;
        }
        OnCommit?.Invoke(mutations);
        if (FailNextCommit)
        {
            FailNextCommit = false;
            throw new IOException("the commit failed");
        }
        await inner.CommitAsync(mutations, epoch, cancellationToken);
        if (LoseNextAcknowledgement)
        {
            LoseNextAcknowledgement = false;
            throw new IOException("the acknowledgement was lost");
        }
    }

    public Task<IReadOnlyList<MetaEntry>> LoadAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ThrowIfUnreachable();
        return inner.LoadAsync(prefix, cancellationToken);
    }

    public Task<long> AcquireEpochAsync(CancellationToken cancellationToken = default) => inner.AcquireEpochAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void ThrowIfUnreachable()
    {
        if (Unreachable) throw new IOException("the store cannot be reached");
    }
}
