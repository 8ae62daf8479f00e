using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Writing;

public sealed class InsertValidationTests
{
    private static readonly NamedColumn TwoKeys = Int64s("id", 1, 2);
    private static readonly NamedColumn TwoVectors = Floats("v", [1, 2], [3, 4]);

    [Fact]
    public async Task Fields_must_be_the_schemas()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("a", DataType.Int64)]);
        var a = Int64s("a", 1, 2);
        await World.RefusedAsync("fieldSchema(a) has no corresponding fieldData pass in: invalid parameter", () => world.InsertAsync(2, TwoKeys, TwoVectors));
        await World.RefusedAsync("fieldSchema(id) has no corresponding fieldData pass in", () => world.InsertAsync(2, TwoVectors, a));
        await World.RefusedAsync("fieldName x not exist in collection schema", () => world.InsertAsync(2, TwoKeys, TwoVectors, a, Int64s("x", 1, 2)));
        await World.RefusedAsync("duplicated field a found", () => world.InsertAsync(2, TwoKeys, TwoVectors, a, a));
        await World.RefusedAsync("without dynamic schema enabled, the field name cannot be set to $meta", () => world.InsertAsync(2, TwoKeys, TwoVectors, a, Dynamic("{}", "{}")));
        await World.RefusedAsync("num_rows should be greater than 0", () => world.InsertAsync(0, TwoKeys, TwoVectors, a));
        await World.RefusedAsync("the num_rows (2) of field (id) is not equal to passed num_rows (3): invalid parameter[expected=3][actual=2]",
            () => world.InsertAsync(3, TwoKeys, TwoVectors, a));
        await World.RefusedAsync(ErrorCode.CollectionNotFound, "collection not found[database=default][collection=missing]",
            () => world.Proxy.InsertAsync(RequestContext.Default, new InsertRequest { Collection = "missing", RowCount = 1, Columns = [] }));
        Assert.Empty(world.Shards.Writes);
    }

    [Fact]
    public async Task A_stale_schema_is_refused_with_109()
    {
        var world = new World();
        var collection = world.Create([Key(), Vector()]);
        var request = new InsertRequest { Collection = "c", RowCount = 2, Columns = [TwoKeys, TwoVectors], SchemaTimestamp = 5 };
        await World.RefusedAsync(ErrorCode.CollectionSchemaMismatch, "collection schema mismatch[collection=c]", () => world.Proxy.InsertAsync(RequestContext.Default, request));
        await world.Proxy.InsertAsync(RequestContext.Default, request with { SchemaTimestamp = collection.SchemaUpdatedAt.Value });
    }

    [Fact]
    public async Task Vectors_must_fit()
    {
        var world = new World();
        world.Create([Key(), Vector()]);
        await World.RefusedAsync("the dim (3) of field data(v) is not equal to schema dim (2): invalid parameter[expected=2][actual=3]",
            () => world.InsertAsync(2, TwoKeys, Floats("v", [1, 2, 3], [1, 2, 3])));
        await World.RefusedAsync("float vector field 'v' is illegal, array type mismatch", () => world.InsertAsync(2, TwoKeys, Int64s("v", 1, 2)));
        await World.RefusedAsync("array type mismatch",
            () => world.InsertAsync(2, TwoKeys, new NamedColumn("v", new VectorColumn(DataType.Float16Vector, 2, new byte[8]))));
        await World.RefusedAsync("value 'NaN' is not a number or infinity", () => world.InsertAsync(2, TwoKeys, Floats("v", [1, 2], [float.NaN, 0])));
        await World.RefusedAsync("value '-Inf' is not a number or infinity", () => world.InsertAsync(2, TwoKeys, Floats("v", [1, float.NegativeInfinity], [0, 0])));
    }

    [Fact]
    public async Task Short_floats_are_checked_for_infinity_at_any_position()
    {
        foreach (var (type, infinity) in new[] { (DataType.Float16Vector, (ushort)0x7C00), (DataType.BFloat16Vector, (ushort)0xFF80) })
        {
            var world = new World();
            world.Create([Key(), Vector(dim: 67, type: type)]);
            for (var at = 0; at < 67; at += 11)
            {
                var halves = new ushort[67];
                halves.AsSpan().Fill(0x3C00);
                halves[at] = infinity;
                var data = System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(halves).ToArray();
                await World.RefusedAsync("is not a number or infinity", () => world.InsertAsync(1, Int64s("id", 1), new NamedColumn("v", new VectorColumn(type, 67, data))));
                halves[at] = 0;
                data = System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(halves).ToArray();
                await world.InsertAsync(1, Int64s("id", at), new NamedColumn("v", new VectorColumn(type, 67, data)));
            }
        }
    }

    [Fact]
    public async Task Sparse_rows_must_be_ascending_and_not_negative()
    {
        var world = new World();
        world.Create([Key(), Vector("s", type: DataType.SparseFloatVector)]);
        var id = Int64s("id", 1);
        await World.RefusedAsync("unsorted or same indices in sparse float vector", () => world.InsertAsync(1, id, Sparse("s", [(2, 1f), (2, 1f)])));
        await World.RefusedAsync("negative value in sparse float vector", () => world.InsertAsync(1, id, Sparse("s", [(2, -1f)])));
        await world.InsertAsync(1, id, Sparse("s", [[]]));
        await world.InsertAsync(1, id, Sparse("s", [(1, 0.5f), (7, 2f)]));
    }

    [Fact]
    public async Task Narrow_integers_are_checked_and_narrowed()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("a", DataType.Int8), Field("b", DataType.Int16)]);
        Task Insert(NamedColumn a, NamedColumn b) => world.InsertAsync(2, TwoKeys, TwoVectors, a, b);
        await World.RefusedAsync("the 1th element (128) out of range: [-128, 127]: invalid parameter[expected=integer doesn't overflow][actual=out of range]",
            () => Insert(Int32s("a", 0, 128), Int32s("b", 0, 0)));
        await World.RefusedAsync("out of range: [-32768, 32767]", () => Insert(Int32s("a", 0, 0), Int32s("b", -32769, 0)));
        await World.RefusedAsync("field 'a' is illegal, array type mismatch", () => Insert(Int64s("a", 0, 1), Int32s("b", 0, 0)));
        await Insert(new NamedColumn("a", new FixedColumn<sbyte>(DataType.Int8, new sbyte[] { -128, 127 })), Int32s("b", -32768, 32767));
        var batch = world.Shards.Writes.Single().Write.Inserts.Single().Rows;
        Assert.Equal(new sbyte[] { -128, 127 }, ((FixedColumn<sbyte>)batch.Find(102)!).Values.ToArray());
        Assert.Equal(new short[] { -32768, 32767 }, ((FixedColumn<short>)batch.Find(103)!).Values.ToArray());
    }

    [Fact]
    public async Task Texts_are_measured_in_bytes()
    {
        var world = new World();
        world.Create([Key(), Vector(), VarChar("t", 4)]);
        await World.RefusedAsync("length of varchar field t exceeds max length, row number: 1, length: 6, max length: 4: invalid parameter",
            () => world.InsertAsync(2, TwoKeys, TwoVectors, Texts("t", "ab", "äöü")));
        var broken = new BinaryColumn(DataType.VarChar, new[] { 0, 1, 2 }, new byte[] { 0x41, 0xFF });
        await World.RefusedAsync("row: 1 not utf-8 format", () => world.InsertAsync(2, TwoKeys, TwoVectors, new NamedColumn("t", broken)));
        await world.InsertAsync(2, TwoKeys, TwoVectors, Texts("t", "", "äö"));
    }

    [Fact]
    public async Task Arrays_have_capacity_and_element_rules()
    {
        var world = new World();
        world.Create([Key(), List("n", DataType.Int16, 2), List("t", DataType.VarChar, 2, 3), Vector()]);
        var none = new NamedColumn("t", new ArrayColumn(new[] { 0, 0, 0 }, ColumnBuilder.For(DataType.Int64).Build()));
        Task Insert(NamedColumn n, NamedColumn t) => world.InsertAsync(2, TwoKeys, TwoVectors, n, t);
        await World.RefusedAsync("the length (3) of 1th array exceeds max capacity (2): invalid parameter[expected=valid length array][actual=array length exceeds max capacity]",
            () => Insert(Lists("n", DataType.Int32, [1], [1, 2, 3]), none));
        await World.RefusedAsync("insert data does not match", () => Insert(Lists("n", DataType.Int64, [1], [1, 2]), none));
        await World.RefusedAsync("out of range", () => Insert(Lists("n", DataType.Int32, [1], [1, 40000]), none));
        var texts = new ArrayColumn(new[] { 0, 1, 2 }, BinaryColumn.FromStrings(DataType.VarChar, ["abc", "abcd"]));
        await World.RefusedAsync("exceeds max length, row number: 1, array index: 0, length: 4, max length: 3", () => Insert(Lists("n", DataType.Int32, [1], [2]), new NamedColumn("t", texts)));
        await Insert(Lists("n", DataType.Int32, [1], []), none);
        Assert.Equal(["[1]", "[]"], ShowAll(world.Shards.Writes.Single().Write.Inserts.Single().Rows.Find(101)!));
    }

    [Fact]
    public async Task Json_must_be_valid_and_short()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("j", DataType.Json)]);
        var big = "\"" + new string('x', 65535) + "\"";
        await World.RefusedAsync("the length (65537) of json field (j) exceeds max length (65536)", () => world.InsertAsync(2, TwoKeys, TwoVectors, Jsons("j", "1", big)));
        foreach (var broken in new[] { "{", "{\"a\":}", "nul", "1 2", "{\"a\":1}}" })
            await World.RefusedAsync("invalid JSON in field j, row number: 1", () => world.InsertAsync(2, TwoKeys, TwoVectors, Jsons("j", "1", broken)));
        await world.InsertAsync(2, TwoKeys, TwoVectors, Jsons("j", "null", " {\"a\":[1,{}]} "));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Json_of_no_bytes_is_null(bool nullable)
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("j", DataType.Json) with { Nullable = nullable }]);
        await world.InsertAsync(2, TwoKeys, TwoVectors, Jsons("j", "", "7"));
        Assert.Equal("1=null 2=7", string.Join(" ", (await world.AllAsync("j")).Select(p => $"{p.Key}={p.Value}")));
        Assert.Equal(nullable, world.Shards.Writes.Single().Write.Inserts.Single().Rows.Find(102)!.IsNull(0));
    }

    [Fact]
    public async Task Dynamic_objects_are_checked_and_filled_in()
    {
        var world = new World();
        world.Create([Key(), Vector()], dynamic: true);
        await World.RefusedAsync("cannot set key to: $meta", () => world.InsertAsync(2, TwoKeys, TwoVectors, Dynamic("{}", "{\"$meta\":1}")));
        await World.RefusedAsync("dynamic field name cannot include the static field name: v", () => world.InsertAsync(2, TwoKeys, TwoVectors, Dynamic("{}", "{\"x\":{\"id\":1},\"\\u0076\":2}")));
        await World.RefusedAsync("a dynamic field value must be a JSON object", () => world.InsertAsync(2, TwoKeys, TwoVectors, Dynamic("{}", "[1]")));
        await World.RefusedAsync("of dynamic field exceeds max length (65536)", () => world.InsertAsync(2, TwoKeys, TwoVectors, Dynamic("{}", "{\"k\":\"" + new string('x', 65536) + "\"}")));
        await world.InsertAsync(2, TwoKeys, TwoVectors);
        await world.InsertAsync(2, TwoKeys, TwoVectors, Dynamic(null, "{\"k\":{\"v\":1}}"));
        Assert.Equal(["{}", "{}"], ShowAll(world.Shards.Writes[0].Write.Inserts[0].Rows.Find(102)!));
        Assert.Equal(["{}", "{\"k\":{\"v\":1}}"], ShowAll(world.Shards.Writes[1].Write.Inserts[0].Rows.Find(102)!));
    }

    [Fact]
    public async Task Nulls_and_defaults_are_materialised()
    {
        var world = new World();
        world.Create([Key(), Vector(), Field("n", DataType.Int64, nullable: true), Field("d", DataType.Int64, @default: new Literal.Int(7)), Field("r", DataType.Int64)]);
        var r = Int64s("r", 1, 2);
        await world.InsertAsync(2, TwoKeys, TwoVectors, r);
        await world.InsertAsync(2, TwoKeys, TwoVectors, r, Nullable("n", null, 3), Nullable("d", 8, null));
        await World.RefusedAsync("the length of valid_data of field(r) is wrong", () => world.InsertAsync(2, TwoKeys, TwoVectors, Nullable("r", 1, null)));
        var (first, second) = (world.Shards.Writes[0].Write.Inserts[0].Rows, world.Shards.Writes[1].Write.Inserts[0].Rows);
        Assert.Equal(["null", "null"], ShowAll(first.Find(102)!));
        Assert.Equal(["7", "7"], ShowAll(first.Find(103)!));
        Assert.Equal(["null", "3"], ShowAll(second.Find(102)!));
        Assert.Equal(["8", "7"], ShowAll(second.Find(103)!));
        Assert.Null(second.Find(103)!.Validity);
    }

    [Fact]
    public async Task Every_kind_of_default_fits_its_field()
    {
        var world = new World();
        world.Create([
            Key(), Vector(), Field("b", DataType.Bool, @default: new Literal.Bool(true)), Field("i8", DataType.Int8, @default: new Literal.Int(-8)),
            Field("i16", DataType.Int16, @default: new Literal.Int(16)), Field("i32", DataType.Int32, @default: new Literal.Int(32)),
            Field("f", DataType.Float, @default: new Literal.Float(0.5)), Field("d", DataType.Double, @default: new Literal.Int(2)), VarChar("t", @default: new Literal.Text("häl"))]);
        await world.InsertAsync(1, Int64s("id", 1), Floats("v", [1, 2]));
        var batch = world.Shards.Writes.Single().Write.Inserts.Single().Rows;
        Assert.Equal(["true", "-8", "16", "32", "0.5", "2", "häl"], Enumerable.Range(102, 7).Select(id => Show(batch.Find(id)!, 0)));
    }

    [Theory]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.VarChar)]
    public async Task Automatic_ids_are_given_out_and_not_taken(DataType type)
    {
        var world = new World();
        world.Create([Key(type, autoId: true), Vector()]);
        var given = type == DataType.Int64 ? TwoKeys : Texts("id", "x", new string('y', 100));
        await World.RefusedAsync("more fieldData has pass in: invalid parameter[expected=2][actual=3]", () => world.InsertAsync(2, given, TwoVectors));
        var result = await world.InsertAsync(2, TwoVectors);
        Assert.Equal(["1000", "1001"], ShowAll(result.Ids.Column));
        Assert.Equal(type, result.Ids.Column.Type);
        Assert.Equal(2, result.InsertCount);
        Assert.True(result.Timestamp > Timestamp.Zero);

        world.SetProperty("allow_insert_auto_id", "true");
        result = await world.InsertAsync(2, given, TwoVectors);
        Assert.Equal(ShowAll(given.Column), ShowAll(result.Ids.Column));
        Assert.Equal(["1002", "1003"], ShowAll((await world.InsertAsync(2, TwoVectors)).Ids.Column));
    }

    [Fact]
    public async Task Bm25_outputs_are_computed_and_not_taken()
    {
        var world = new World();
        world.Create(
            [Key(), VarChar("t", 64) with { TypeParams = [new Property("max_length", "64"), new Property("enable_analyzer", "true")] }, Vector("s", type: DataType.SparseFloatVector) with { IsFunctionOutput = true }],
            functions: new FunctionSchema { Name = "f", Type = FunctionType.BM25, InputFields = ["t"], OutputFields = ["s"] });
        await World.RefusedAsync("more fieldData has pass in", () => world.InsertAsync(1, Int64s("id", 1), Texts("t", "a"), Sparse("s", [(1, 1f)])));
        await world.InsertAsync(2, TwoKeys, Texts("t", "the cat the hat", ""));
        var rows = (BinaryColumn)world.Shards.Writes.Single().Write.Inserts.Single().Rows.Find(102)!;
        Assert.Equal(3 * 8, rows[0].Length);
        Assert.Equal(0, rows[1].Length);
    }

    [Fact]
    public async Task A_failed_shard_fails_the_request()
    {
        var world = new World();
        world.Create([Key(), Vector()], shards: 3);
        world.Shards.BrokenShard = 1;
        var ids = Enumerable.Range(0, 50).Select(i => (long)i).ToArray();
        await World.RefusedAsync(ErrorCode.ServiceUnavailable, "broken shard", () => world.InsertAsync(50, Int64s("id", ids), Floats("v", [.. ids.Select(i => new[] { 0f, i })])));
    }
}
