using System.Collections.Immutable;
using System.Text;
using Milvus.Model;

namespace Milvus.Expressions.Tests;

/// <summary>A segment in memory, made from rows of plain objects; null is null.</summary>
internal sealed class Rows : IColumnBlocks
{
    private readonly Dictionary<long, Column> _columns = [];
    private readonly Dictionary<(long, int), ColumnStatistics> _statistics = [];
    private readonly bool _prune;

    public Rows(CollectionSchema schema, IReadOnlyList<IReadOnlyDictionary<string, object?>> rows, bool prune = true)
    {
        RowCount = rows.Count;
        _prune = prune;
        foreach (var field in schema.Fields)
        {
            if (field.Type.IsVector()) continue;
            var builder = ColumnBuilder.For(field);
            foreach (var row in rows) Append(builder, row.GetValueOrDefault(field.Name));
            _columns.Add(field.Id, builder.Build());
        }
    }

    public int RowCount { get; }

    /// <summary>Columns that were read.</summary>
    public HashSet<long> Read { get; } = [];

    public Column GetBlock(long fieldId, int block)
    {
        Read.Add(fieldId);
        return Slice(fieldId, block);
    }

    public ColumnStatistics? GetStatistics(long fieldId, int block)
    {
        if (!_prune) return null;
        if (!_statistics.TryGetValue((fieldId, block), out var s)) _statistics.Add((fieldId, block), s = ColumnStatistics.Compute(Slice(fieldId, block)));
        return s;
    }

    public List<int> Select(FilterPlan plan, int? rowCount = null)
    {
        return Select(plan, this, rowCount ?? RowCount);
    }

    public static List<int> Select(FilterPlan plan, IColumnBlocks source, int rowCount, IndexUse indexes = IndexUse.ByCost, FilterTrace? trace = null)
    {
        var bits = new ulong[Validity.WordCount(rowCount)];
        Array.Fill(bits, ulong.MaxValue);
        FilterEvaluator.Evaluate(plan, source, rowCount, bits, trace: trace, indexes: indexes);
        return [.. Enumerable.Range(0, rowCount).Where(r => (bits[r >> 6] >> (r & 63) & 1) != 0)];
    }

    public static void Append(ColumnBuilder builder, object? value)
    {
        switch (builder, value)
        {
            case (_, null): builder.AppendNull(); break;
            case (FixedColumnBuilder<bool> b, bool v): b.Append(v); break;
            case (FixedColumnBuilder<sbyte> b, _): b.Append(Convert.ToSByte(value)); break;
            case (FixedColumnBuilder<short> b, _): b.Append(Convert.ToInt16(value)); break;
            case (FixedColumnBuilder<int> b, _): b.Append(Convert.ToInt32(value)); break;
            case (FixedColumnBuilder<long> b, _): b.Append(Convert.ToInt64(value)); break;
            case (FixedColumnBuilder<float> b, _): b.Append(Convert.ToSingle(value)); break;
            case (FixedColumnBuilder<double> b, _): b.Append(Convert.ToDouble(value)); break;
            case (BinaryColumnBuilder b, byte[] v): b.Append(v); break;
            case (BinaryColumnBuilder b, string v): b.Append(Encoding.UTF8.GetBytes(v)); break;
            case (ArrayColumnBuilder b, Array v):
                foreach (var item in v) Append(b.Elements, item);
                b.EndRow();
                break;
            default: throw new InvalidOperationException($"{value.GetType()} does not go into {builder.Type}");
        }
    }

    private Column Slice(long fieldId, int block)
    {
        var start = block * ColumnLimits.BlockRows;
        return _columns[fieldId].Slice(start, Math.Min(ColumnLimits.BlockRows, RowCount - start));
    }
}

/// <summary>A schema with a column of every kind.</summary>
internal static class Sample
{
    public static readonly CollectionSchema Schema = Make(dynamic: true);

    public static readonly CollectionSchema StaticSchema = Make(dynamic: false);

    public static FilterPlan Compile(string expression, IReadOnlyDictionary<string, Literal>? templates = null, FilterOptions? options = null) =>
        Filter.Compile(expression, Schema, templates, options: options);

    public static MilvusException Refused(string expression, CollectionSchema? schema = null, IReadOnlyDictionary<string, Literal>? templates = null) =>
        Assert.Throws<MilvusException>(() => Filter.Compile(expression, schema ?? Schema, templates));

    private static CollectionSchema Make(bool dynamic)
    {
        var fields = new List<FieldSchema>();
        void Add(string name, DataType type, DataType element = DataType.None, bool nullable = true, bool isKey = false, bool partition = false, params Property[] parameters) =>
            fields.Add(new FieldSchema
            {
                Id = 100 + fields.Count,
                Name = name,
                Type = type,
                ElementType = element,
                Nullable = nullable,
                IsPrimaryKey = isKey,
                IsPartitionKey = partition,
                TypeParams = [.. parameters],
            });
        Add("id", DataType.Int64, nullable: false, isKey: true);
        Add("flag", DataType.Bool);
        Add("i8", DataType.Int8);
        Add("i16", DataType.Int16);
        Add("i32", DataType.Int32);
        Add("i", DataType.Int64);
        Add("j", DataType.Int64);
        Add("f", DataType.Float);
        Add("d", DataType.Double);
        Add("s", DataType.VarChar);
        Add("t", DataType.VarChar);
        Add("ts", DataType.Timestamptz);
        Add("json", DataType.Json);
        Add("a", DataType.Json);
        Add("b", DataType.Json);
        Add("arr", DataType.Array, DataType.Int64);
        Add("arr8", DataType.Array, DataType.Int8);
        Add("arrb", DataType.Array, DataType.Bool);
        Add("arrd", DataType.Array, DataType.Double);
        Add("arrs", DataType.Array, DataType.VarChar);
        Add("txt", DataType.Text, parameters: [new("enable_analyzer", "true"), new("enable_match", "true")]);
        Add("doc", DataType.VarChar, parameters: [new("enable_analyzer", "true"), new("enable_match", "true")]);
        Add("geo", DataType.Geometry);
        Add("key", DataType.VarChar, nullable: false, partition: true);
        Add("vec", DataType.FloatVector, nullable: false, parameters: [new("dim", "4")]);
        Add("sparse", DataType.SparseFloatVector, nullable: false);
        Add("st[x]", DataType.Array, DataType.Int64);
        Add("st[s]", DataType.Array, DataType.VarChar);
        Add("st[f]", DataType.Array, DataType.Float);
        if (dynamic) fields.Add(new FieldSchema { Id = 100 + fields.Count, Name = FieldIds.DynamicName, Type = DataType.Json, IsDynamic = true, Nullable = true });
        return new CollectionSchema([.. fields], structFields: [new StructFieldSchema { Id = 900, Name = "st", Nullable = true }], enableDynamicField: dynamic);
    }
}
