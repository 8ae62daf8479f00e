using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Where the vectors of one field go while their segment is loaded.</summary>
/// <param name="checks">Takes the checks of mapped files, which go on beside the loading: until they have succeeded nobody may be given a row.</param>
internal readonly struct VectorPlace(IObjectStore objects, SegmentPlacement placement, long fieldId, ICollection<Task> checks)
{
    private readonly bool _isMapped = placement.Of(fieldId).IsMapped;

    /// <summary>An empty store of exactly <paramref name="capacity"/> rows, to be filled by the caller.</summary>
    public VectorStore Create(DataType type, int dimension, int capacity) => _isMapped && placement.CopyDirectory is { } directory
        ? VectorStore.CreateMapped(type, dimension, capacity, directory)
        : VectorStore.Create(type, dimension, capacity);

    /// <summary>All vectors of a column without nulls, checked: mapped where they are, or read straight into the store, never held twice.</summary>
    public async Task<VectorStore> ReadAsync(FieldSchema field, ColumnFileReader reader, int rowCount, CancellationToken cancellationToken)
    {
        // Where a mapped file cannot be deleted, compaction and the garbage collector would fail at theirs.
        if (_isMapped && rowCount > 0 && !OperatingSystem.IsWindows() && objects.TryGetLocalPath(reader.Key) is { } path)
        {
            var mapped = Map(field, path, reader.Key, rowCount);
            checks.Add(reader.CheckValuesAsync(cancellationToken));
            return mapped;
        }
        var vectors = Create(field.Type, field.Dimension, rowCount);
        await FillAsync(vectors, reader, rowCount, cancellationToken).ConfigureAwait(false);
        return vectors;
    }

    private static VectorStore Map(FieldSchema field, string path, string key, int rowCount)
    {
        try
        {
            return VectorStore.Map(field.Type, field.Dimension, rowCount, path, ColumnFileFormat.HeaderBytes);
        }
        catch (FileNotFoundException e)
        {
            throw new ObjectNotFoundException(key, path, e);
        }
    }

    private static async Task FillAsync(VectorStore vectors, ColumnFileReader reader, int rowCount, CancellationToken cancellationToken)
    {
        var reserved = 0;
        await reader.ReadAllValuesAsync(NextBlock, cancellationToken).ConfigureAwait(false);
        vectors.Publish(reserved);
        GC.KeepAlive(vectors);

        Memory<byte> NextBlock(int block)
        {
            // The block before is complete and checked when the next one is asked for.
            vectors.Publish(reserved);
            reserved = Math.Min(ColumnLimits.BlockRows, rowCount - (block << ColumnLimits.BlockShift));
            return new PinnedMemory(vectors.Reserve(reserved)).Memory;
        }
    }
}
