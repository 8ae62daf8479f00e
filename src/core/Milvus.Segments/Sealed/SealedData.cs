using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>What instances of one sealed segment share; immutable but for indexes that are made on demand.</summary>
internal sealed class SealedData(int rowCount, SealedField[] fields, TimestampRuns inserts, PrimaryKeyOrder keys, SegmentPlacement placement)
{
    /// <summary>How it was loaded, and how its indexes are.</summary>
    public SegmentPlacement Placement { get; } = placement;

    public int RowCount { get; } = rowCount;

    public TimestampRuns Inserts { get; } = inserts;

    public PrimaryKeyOrder Keys { get; } = keys;

    /// <summary>Made as filters need them.</summary>
    public SealedTexts Texts { get; } = new();

    // Vector stores grow by their norms when a cosine search first needs them, so this is not a constant.
    public long MemoryBytes
    {
        get
        {
            var bytes = Texts.MemoryBytes + Inserts.MemoryBytes + Keys.MemoryBytes;
            foreach (var f in fields) bytes += f.MemoryBytes;
            return bytes;
        }
    }

    public long FileBytes
    {
        get
        {
            long bytes = 0;
            foreach (var f in fields) bytes += f.FileBytes;
            return bytes;
        }
    }

    /// <summary>
    /// Mapped vectors were read through to make what stays in memory: their pages leave this process. What an index ranks is read here and
    /// there from now on, the rest from end to end.
    /// </summary>
    public void SettleVectors(IReadOnlyList<AttachedIndex> indexes)
    {
        foreach (var field in fields)
        {
            if (field is SealedVectorField vectors) vectors.Vectors.Store.Settle(indexes.Any(i => i.File.FieldId == field.FieldId && i.Dense is not (null or FlatIndex)));
            else if (field is SealedVectorArrayField lists) lists.Vectors.Store.Settle(isRandom: false);
        }
    }

    public SealedField? Find(long fieldId)
    {
        foreach (var field in fields)
            if (field.FieldId == fieldId) return field;
        return null;
    }
}
