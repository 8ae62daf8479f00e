using Milvus.Expressions.Indexes;
using Milvus.Model;

namespace Milvus.Expressions.Tests.Indexes;

/// <summary>Rows with scalar indexes, as a sealed segment has them.</summary>
internal sealed class IndexedRows(Rows rows) : IIndexedColumns
{
    private readonly Dictionary<long, List<ScalarIndex>> _indexes = [];
    private readonly Dictionary<long, ScalarIndex> _texts = [];

    public int RowCount => rows.RowCount;

    public Column GetBlock(long fieldId, int block) => rows.GetBlock(fieldId, block);

    /// <summary>Fields with enable_match have their words indexed.</summary>
    public bool HasTexts { get; set; }

    public ScalarIndex? TextIndexOf(long fieldId)
    {
        if (!HasTexts || Sample.Schema.Find(fieldId) is not { EnableMatch: true } field) return null;
        if (!_texts.TryGetValue(fieldId, out var index))
        {
            var blocks = Enumerable.Range(0, (RowCount + ColumnLimits.BlockRows - 1) / ColumnLimits.BlockRows).Select(block => GetBlock(fieldId, block));
            _texts.Add(fieldId, index = TextIndexes.Build(field, blocks, RowCount));
        }
        return index;
    }

    public ColumnStatistics? GetStatistics(long fieldId, int block) => rows.GetStatistics(fieldId, block);

    public IReadOnlyList<ScalarIndex> IndexesOf(long fieldId) => _indexes.TryGetValue(fieldId, out var found) ? found : [];

    /// <summary>Builds an index, writes it, reads it back and uses that.</summary>
    public ScalarIndex Index(string field, ScalarIndexSpec spec)
    {
        var id = Sample.Schema.Find(field)!.Id;
        var stored = new MemoryStream();
        ScalarIndexFile.Save(Build(rows, id, spec), stored);
        stored.Position = 0;
        var index = ScalarIndexFile.Load(stored, "index");
        Assert.Equal(stored.Length, stored.Position);
        if (!_indexes.TryGetValue(id, out var list)) _indexes.Add(id, list = []);
        list.Add(index);
        return index;
    }

    public List<int> Select(FilterPlan plan, IndexUse use = IndexUse.Always, FilterTrace? trace = null) => Rows.Select(plan, this, RowCount, use, trace);

    public static ScalarIndex Build(Rows rows, long fieldId, ScalarIndexSpec spec)
    {
        var builder = new ScalarIndexBuilder(spec);
        for (var block = 0; block * ColumnLimits.BlockRows < rows.RowCount; block++) builder.Add(rows.GetBlock(fieldId, block));
        return builder.Build();
    }
}
