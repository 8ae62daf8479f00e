namespace Milvus.Segments;

/// <summary>What instances of one sealed segment share; immutable but for indexes that are made on demand.</summary>
internal sealed class SealedData(int rowCount, SealedField[] fields, TimestampRuns inserts, PrimaryKeyOrder keys)
{
    public int RowCount { get; } = rowCount;

    public TimestampRuns Inserts { get; } = inserts;

    public PrimaryKeyOrder Keys { get; } = keys;

    /// <summary>Made as filters need them.</summary>
    public SealedTexts Texts { get; } = new();

    // Vector stores grow by their norms when a cosine search first needs them, so this is not a constant.
    public long MemoryBytes => fields.Sum(f => f.MemoryBytes) + Texts.MemoryBytes + Inserts.MemoryBytes + Keys.MemoryBytes;

    public SealedField? Find(long fieldId)
    {
        foreach (var field in fields)
            if (field.FieldId == fieldId) return field;
        return null;
    }
}
