using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Makes segments of imported rows beside the channels' logs.</summary>
public interface IImportGateway
{
    /// <summary>True once the rows of a job are committed.</summary>
    Task<bool> IsImportedAsync(long collectionId, long importId, CancellationToken cancellation);

    /// <summary>The committed segments of a collection at present.</summary>
    Task<ImmutableArray<SegmentManifest>> GetSegmentsAsync(long collectionId, CancellationToken cancellation);

    Task<IRowIntake> BeginAsync(CollectionInfo collection, long importId, CancellationToken cancellation);
}

/// <summary>
/// Rows that come into being together: none of them is there before the commit, all of them when it has returned. Disposing it without a
/// commit leaves nothing behind that would be read. One caller at a time.
/// </summary>
public interface IRowIntake : IAsyncDisposable
{
    Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation);

    /// <summary>Says that the rows appended since the last call are those of certain external files; they get segments of their own.</summary>
    Task CutAsync(ImmutableArray<string> sources, CancellationToken cancellation);

    /// <param name="replaced">Segments that are removed by the same commit.</param>
    /// <exception cref="MilvusException">Nothing was committed, unless the code is <see cref="ErrorCode.Timeout"/>: then <see cref="IImportGateway.IsImportedAsync"/> knows.</exception>
    Task CommitAsync(ImmutableArray<long> replaced, CancellationToken cancellation);
}
