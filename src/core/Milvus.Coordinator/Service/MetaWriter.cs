using Milvus.Model;
using Milvus.Storage.Files;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Service;

/// <summary>
/// The meta store under one epoch. Once another coordinator has taken over, every commit is refused without asking the store again.
/// Thread-safe.
/// </summary>
internal sealed class MetaWriter(IMetaStore store, long epoch)
{
    private volatile bool _fenced;

    public IMetaStore Store { get; } = store;

    public long Epoch { get; } = epoch;

    /// <summary>True once a successor was noticed; never false again.</summary>
    public bool IsFenced => _fenced;

    /// <exception cref="MilvusException">2: superseded. 7: the disk is full. 1001: the store failed.</exception>
    /// <remarks>After code 7 or 1001 the commit may or may not have happened; the inner exception is the store's.</remarks>
    public async Task CommitAsync(IReadOnlyList<MetaMutation> mutations, CancellationToken cancellationToken = default)
    {
        ThrowIfFenced();
        try
        {
            await Store.CommitAsync(mutations, Epoch, cancellationToken).ConfigureAwait(false);
        }
        catch (StaleEpochException)
        {
            _fenced = true;
            throw;
        }
        catch (IOException e)
        {
            throw DiskErrors.IsDiskFull(e)
                ? new MilvusException(ErrorCode.DiskLimitExceeded, $"cannot store metadata: {e.Message}: disk limit exceeded", e)
                : new MilvusException(ErrorCode.IoFailed, $"cannot store metadata: {e.Message}: IO failed", e);
        }
    }

    public void ThrowIfFenced()
    {
        if (_fenced)
            throw new MilvusException(ErrorCode.ServiceUnavailable, $"the coordinator of epoch {Epoch} has been superseded by another one: service unavailable");
    }

    /// <summary>True for failures after which a commit may nevertheless be in the store.</summary>
    public static bool IsUncertain(MilvusException e) => e.Code is ErrorCode.DiskLimitExceeded or ErrorCode.IoFailed;
}
