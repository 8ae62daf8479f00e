using System.Collections.Concurrent;
using Milvus.Expressions.Indexes;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Text indexes of a sealed segment's fields: each is made by whoever keeps the segment in memory, in the background, or when a filter first matches words
/// of the field, which takes about as long as answering that filter by reading every text would, unless the terms are stored within reach. They live as long as the segment is in memory, their terms longer
/// (<see cref="StoredTexts"/>). Safe for any number of threads.
/// </summary>
internal sealed class SealedTexts
{
    /// <summary>With fewer rows reading the texts is quick enough.</summary>
    private const int MinRows = 64;

    // The analyzer of a field can be altered; indexes of the old one must not answer then.
    private readonly ConcurrentDictionary<(long FieldId, string Analyzer), Lazy<ScalarIndex>> _indexes = new();
    private readonly ConcurrentDictionary<(long FieldId, string Analyzer), bool> _settled = new();

    /// <summary>Finds the terms of a field that were stored, without waiting for a store; null where there are none. Set when the segment is loaded.</summary>
    public Func<FieldSchema, ScalarIndex?>? Stored { get; set; }

    public long MemoryBytes
    {
        get
        {
            long bytes = 0;
            foreach (var index in _indexes.Values)
                if (index.IsValueCreated) bytes += index.Value.MemoryBytes;
            return bytes;
        }
    }

    /// <summary>True when there could be an index that is not made yet, or is not stored yet although it is to be.</summary>
    public bool IsCold(FieldSchema field, SealedData data, bool isKept) =>
        data.RowCount >= MinRows && data.Find(field.Id) is SealedScalarField && (!IsMade(field) || (isKept && !_settled.ContainsKey(KeyOf(field))));

    public bool IsMade(FieldSchema field) => _indexes.TryGetValue(KeyOf(field), out var index) && index.IsValueCreated;

    /// <summary>Says that the field's terms are stored, or cannot be.</summary>
    public void Settle(FieldSchema field) => _settled[KeyOf(field)] = true;

    /// <summary>Takes an index that was made of the same column before, unless there is one.</summary>
    public void Add(FieldSchema field, ScalarIndex index) => _indexes.TryAdd(KeyOf(field), new Lazy<ScalarIndex>(index));

    /// <summary>What tells the terms of a field from those that another analyzer makes of it.</summary>
    public static string AnalyzerOf(FieldSchema field) => field.Param("analyzer_params") ?? "";

    private static (long FieldId, string Analyzer) KeyOf(FieldSchema field) => (field.Id, AnalyzerOf(field));

    /// <summary>Null when the segment is small or does not store the field.</summary>
    public ScalarIndex? Of(FieldSchema field, SealedData data)
    {
        if (data.RowCount < MinRows || data.Find(field.Id) is not SealedScalarField stored) return null;
        var key = KeyOf(field);
        if (!_indexes.TryGetValue(key, out var index))
            index = _indexes.GetOrAdd(key, _ => new Lazy<ScalarIndex>(() => Make(field, stored, data.RowCount)));
        try
        {
            return index.Value;
        }
        catch
        {
            // What failed, such as a service that cuts texts, may not fail the next time.
            _indexes.TryRemove(KeyValuePair.Create(key, index));
            throw;
        }
    }

    private ScalarIndex Make(FieldSchema field, SealedScalarField stored, int rowCount)
    {
        if (Stored?.Invoke(field) is not { } found) return TextIndexes.Build(field, stored.Blocks, rowCount);
        Settle(field);
        return found;
    }
}
