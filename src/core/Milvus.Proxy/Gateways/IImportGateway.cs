using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Makes segments of imported rows beside the channels' logs.</summary>
public interface IImportGateway
{
    /// <summary>True once the rows of a job are committed.</summary>
    Task<bool> IsImportedAsync(long collectionId, long importId, CancellationToken cancellation);

    Task<IRowIntake> BeginAsync(CollectionInfo collection, long importId, CancellationToken cancellation);
}

/// <summary>
/// Rows that come into being together: none of them is there before <see cref="CommitAsync"/>, all of them when it has returned. Disposing it without a
/// commit leaves nothing behind that would be read. One caller at a time.
/// </summary>
public interface IRowIntake : IAsyncDisposable
{
    Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation);

    /// <exception cref="MilvusException">Nothing was committed, unless the code is <see cref="ErrorCode.Timeout"/>: then <see cref="IImportGateway.IsImportedAsync"/> knows.</exception>
    Task CommitAsync(CancellationToken cancellation);
}
