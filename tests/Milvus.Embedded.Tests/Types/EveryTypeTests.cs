using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.TestKit.Columns;

namespace Milvus.Embedded.Tests.Types;

/// <summary>Values of every type come back as they were written: from growing and sealed segments, after compaction, a restart, a power cut.</summary>
public class EveryTypeTests
{
    private static readonly ImmutableArray<FieldSchema> s_fields =
    [
        .. RandomColumns.Shapes.Where(s => s.Type is not (DataType.String or DataType.ArrayOfVector)).Select(s => new FieldSchema
        {
            Name = s.ElementType == DataType.None ? $"f_{s.Type}" : $"f_{s.Type}_{s.ElementType}",
            Type = s.Type,
            ElementType = s.ElementType,
            TypeParams =
            [
                .. s.Dimension == 0 ? Array.Empty<Property>() : [new Property("dim", s.Dimension.ToString(CultureInfo.InvariantCulture))],
                .. s.Type == DataType.VarChar || s.ElementType == DataType.VarChar ? [new Property("max_length", "1000")] : Array.Empty<Property>(),
                .. s.Type == DataType.Array ? [new Property("max_capacity", "8")] : Array.Empty<Property>(),
            ],
        }),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Values_stay_what_they_were(bool nullable)
    {
        var random = new Random(nullable ? 1 : 2);
        await using var machine = new Machine(3);
        await machine.StartAsync();
        var fields = s_fields.Select(f => f with { Nullable = nullable }).ToImmutableArray();
        await machine.CreateAsync("c", fields);
        var model = new SortedDictionary<long, Dictionary<string, string?>>();

        await WriteAsync(machine, random, fields, model, 0, 40);
        await CheckAsync(machine, fields, model, "growing");
        await machine.FlushedAsync("c");
        await CheckAsync(machine, fields, model, "sealed");
        await WriteAsync(machine, random, fields, model, 20, 70);
        await CheckAsync(machine, fields, model, "sealed and growing");
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");
        await machine.DeleteAsync("c", 3, 25, 60);
        foreach (var key in (long[])[3, 25, 60]) model.Remove(key);
        await machine.CompactedAsync("c");
        await CheckAsync(machine, fields, model, "compacted");
        await WriteAsync(machine, random, fields, model, 60, 80);
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync(machine, fields, model, "restarted");
        await WriteAsync(machine, random, fields, model, 75, 90);
        await machine.CrashAsync(powerCut: true);
        await machine.StartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync(machine, fields, model, "after a power cut");
    }

    [Fact]
    public async Task Fields_added_later_read_null_or_their_default_in_old_rows()
    {
        var random = new Random(4);
        await using var machine = new Machine(5);
        await machine.StartAsync();
        await machine.CreateAsync("c", [s_fields.Single(f => f.Type == DataType.FloatVector)]);
        var first = s_fields.Where(f => f.Type == DataType.FloatVector).ToImmutableArray();
        var model = new SortedDictionary<long, Dictionary<string, string?>>();
        await WriteAsync(machine, random, first, model, 0, 30);
        await machine.FlushedAsync("c");
        await WriteAsync(machine, random, first, model, 30, 50);

        ImmutableArray<FieldSchema> added = [.. s_fields.Where(f => f.Type != DataType.FloatVector).SelectMany(Versions)];
        foreach (var field in added) await machine.ExecuteAsync(new AddField("", "c", field));
        foreach (var field in added)
        {
            if (field.Type.IsVector()) await machine.IndexAsync(field);
            var old = Default(field);
            foreach (var row in model.Values) row[field.Name] = old;
        }
        ImmutableArray<FieldSchema> all = [.. first, .. added];
        await machine.ExecuteAsync(new ReleaseCollection("", "c"));
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        await machine.LoadedAsync("c");
        await CheckAsync(machine, all, model, "added");
        await WriteAsync(machine, random, all, model, 40, 60);
        await CheckAsync(machine, all, model, "written to");
        await machine.FlushedAsync("c");
        await CheckAsync(machine, all, model, "sealed");
        await machine.CompactedAsync("c");
        await CheckAsync(machine, all, model, "compacted");
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync(machine, all, model, "restarted");
    }

    /// <summary>Null for lack of a value, and the default where the type has one.</summary>
    private static IEnumerable<FieldSchema> Versions(FieldSchema field)
    {
        yield return field with { Nullable = true };
        if (Literal(field.Type) is { } value) yield return field with { Name = field.Name + "_default", Nullable = true, Default = value };
    }

    private static Literal? Literal(DataType type) => type switch
    {
        DataType.Bool => new Literal.Bool(true),
        DataType.Float or DataType.Double => new Literal.Float(0.25),
        DataType.VarChar or DataType.Text => new Literal.Text("none"),
        DataType.Geometry => new Literal.Text("POINT (1 2)"),
        DataType.Timestamptz => new Literal.Text("1970-01-01T00:00:01Z"),
        _ when type.IsInteger() => new Literal.Int(-7),
        _ => null,
    };

    private static string? Default(FieldSchema field)
    {
        if (field.Default is null) return null;
        var builder = ColumnBuilder.For(field);
        switch (builder)
        {
            case FixedColumnBuilder<bool> b: b.Append(true); break;
            case FixedColumnBuilder<sbyte> b: b.Append(-7); break;
            case FixedColumnBuilder<short> b: b.Append(-7); break;
            case FixedColumnBuilder<int> b: b.Append(-7); break;
            case FixedColumnBuilder<long> b: b.Append(field.Type == DataType.Timestamptz ? 1_000_000 : -7); break;
            case FixedColumnBuilder<float> b: b.Append(0.25f); break;
            case FixedColumnBuilder<double> b: b.Append(0.25); break;
            case BinaryColumnBuilder { Type: DataType.Geometry } b: b.Append(GeometryCodec.ToWkb("POINT (1 2)")); break;
            case BinaryColumnBuilder b: b.Append("none"); break;
        }
        return RandomColumns.Describe(builder.Build(), 0);
    }

    private static async Task WriteAsync(
        Machine machine, Random random, ImmutableArray<FieldSchema> fields, SortedDictionary<long, Dictionary<string, string?>> model, int from, int to)
    {
        var keys = Enumerable.Range(from, to - from).Select(i => (long)i).ToArray();
        var columns = ImmutableArray.CreateBuilder<NamedColumn>();
        columns.Add(new NamedColumn("key", new FixedColumn<long>(DataType.Int64, keys)));
        foreach (var key in keys) model[key] = [];
        foreach (var field in fields)
        {
            var column = RandomColumns.Create(random, field.Type, field.ElementType, field.Dimension, keys.Length, field.Nullable ? 0.3 : 0);
            columns.Add(new NamedColumn(field.Name, column));
            for (var i = 0; i < keys.Length; i++) model[keys[i]][field.Name] = RandomColumns.Describe(column, i) ?? Default(field);
        }
        await machine.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest { Collection = "c", RowCount = keys.Length, Columns = columns.ToImmutable() });
    }

    private static async Task CheckAsync(Machine machine, ImmutableArray<FieldSchema> fields, SortedDictionary<long, Dictionary<string, string?>> model, string when)
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = "c",
            Expression = "key >= 0",
            OutputFields = ["*"],
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        var keys = ((FixedColumn<long>)result.Columns.Single(c => c.Name == "key").Column).Values.ToArray();
        Assert.Equal(model.Keys, keys.Order());
        foreach (var field in fields)
        {
            var column = result.Columns.Single(c => c.Name == field.Name).Column;
            for (var i = 0; i < keys.Length; i++)
                Assert.True(model[keys[i]][field.Name] == RandomColumns.Describe(column, i), $"{when}: {field.Name} of row {keys[i]}");
            if (field.Type.IsDenseVector()) await CheckSearchAsync(machine, field, model, when);
        }
    }

    /// <summary>A search for more than there is finds exactly the rows that have a vector.</summary>
    private static async Task CheckSearchAsync(Machine machine, FieldSchema field, SortedDictionary<long, Dictionary<string, string?>> model, string when)
    {
        var result = await machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
        {
            Collection = "c",
            Vectors = new QueryVectors(field.Type, [new byte[field.Type.VectorBytes(field.Dimension)]]),
            ConsistencyLevel = ConsistencyLevel.Strong,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", field.Name).Add("topk", "1000"),
        });
        var expected = model.Where(r => r.Value[field.Name] is not null).Select(r => r.Key);
        Assert.True(expected.SequenceEqual(result.Ids.Int64s.ToArray().Order()), $"{when}: search in {field.Name}");
    }
}

internal static class TypedCollections
{
    /// <summary>A collection with an Int64 key and these fields, exact indexes on its vectors, loaded.</summary>
    public static async Task CreateAsync(this Machine machine, string name, ImmutableArray<FieldSchema> fields)
    {
        var schema = new CollectionSchema([new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true }, .. fields]);
        await machine.ExecuteAsync(new CreateCollection("", name, schema));
        foreach (var field in fields.Where(f => f.Type.IsVector())) await machine.IndexAsync(field, name);
        await machine.ExecuteAsync(new LoadCollection("", name));
    }

    public static Task IndexAsync(this Machine machine, FieldSchema field, string collection = "c")
    {
        var (type, metric) = field.Type switch
        {
            DataType.SparseFloatVector => ("SPARSE_INVERTED_INDEX", "IP"),
            DataType.BinaryVector => ("BIN_FLAT", "HAMMING"),
            DataType.Int8Vector => ("AUTOINDEX", "L2"),
            _ => ("FLAT", "L2"),
        };
        return machine.ExecuteAsync(new CreateIndex("", collection, field.Name) { Params = [new("index_type", type), new("metric_type", metric)] });
    }
}
