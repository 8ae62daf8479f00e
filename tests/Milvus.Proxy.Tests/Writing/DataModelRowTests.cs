using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Writing;

/// <summary>Rules of the data model for rows beside those of <see cref="InsertValidationTests"/>: every kind of column and value that is refused, with code and text.</summary>
public sealed class DataModelRowTests
{
    private static readonly ImmutableArray<FieldSchema> s_fields =
    [
        Key(), Vector(), Field("b", DataType.Bool, nullable: true), Field("i", DataType.Int32, nullable: true), Field("f", DataType.Float, nullable: true), Field("d", DataType.Double, nullable: true),
        VarChar("s", 8, nullable: true), Field("x", DataType.Text, nullable: true), Field("j", DataType.Json, nullable: true), Field("g", DataType.Geometry, nullable: true),
        Field("t", DataType.Timestamptz, nullable: true), List("n", DataType.Double, 3, nullable: true), Vector("w8", 4, DataType.Int8Vector, nullable: true), Vector("wb", 16, DataType.BinaryVector, nullable: true),
        Vector("sp", type: DataType.SparseFloatVector, nullable: true),
    ];

    private static readonly NamedColumn Two = Int64s("x", 1, 2);

    private static readonly Dictionary<string, (NamedColumn Column, string Text)> Cases = new()
    {
        ["bool of numbers"] = (Two with { Name = "b" }, "field 'b' is illegal, array type mismatch"),
        ["int of longs"] = (Two with { Name = "i" }, "field 'i' is illegal, array type mismatch"),
        ["float of doubles"] = (new NamedColumn("f", new FixedColumn<double>(DataType.Double, new double[2])), "field 'f' is illegal, array type mismatch"),
        ["float not a number"] = (new NamedColumn("f", new FixedColumn<float>(DataType.Float, new[] { 0, float.NaN })), "value 'NaN' is not a number or infinity"),
        ["float infinite"] = (new NamedColumn("f", new FixedColumn<float>(DataType.Float, new[] { float.NegativeInfinity, 0 })), "value '-Inf' is not a number or infinity"),
        ["double of floats"] = (new NamedColumn("d", new FixedColumn<float>(DataType.Float, new float[2])), "field 'd' is illegal, array type mismatch"),
        ["double not a number"] = (new NamedColumn("d", new FixedColumn<double>(DataType.Double, new[] { 0, double.NaN })), "value 'NaN' is not a number or infinity"),
        ["double infinite"] = (new NamedColumn("d", new FixedColumn<double>(DataType.Double, new[] { double.PositiveInfinity, 0 })), "value '+Inf' is not a number or infinity"),
        ["text of numbers"] = (Two with { Name = "s" }, "varchar field 's' is illegal, array type mismatch"),
        ["long text of numbers"] = (Two, "text field 'x' is illegal, array type mismatch"),
        ["long text too long"] = (Texts("x", "", new string('x', (2 << 20) + 1)), "exceeds max length, row number: 1, length: 2097153, max length: 2097152"),
        ["long text of broken characters"] = (new NamedColumn("x", new BinaryColumn(DataType.VarChar, new[] { 0, 1, 2 }, new byte[] { 0xC3, 0x41 })), "row: 0 not utf-8 format"),
        ["json of text"] = (Texts("j", "{}", "{}"), "json field 'j' is illegal, array type mismatch"),
        ["json of broken characters"] = (new NamedColumn("j", new BinaryColumn(DataType.Json, new[] { 0, 3, 5 }, new byte[] { (byte)'"', 0xFF, (byte)'"', (byte)'{', (byte)'}' })), "invalid JSON in field j, row number: 0"),
        ["geometry of numbers"] = (Two with { Name = "g" }, "geometry field 'g' is illegal, array type mismatch"),
        ["geometry of nonsense"] = (Texts("g", "POINT (1 2)", "POINT (1"), "invalid Geometry data, transform to wkb failed"),
        ["timestamps of text"] = (Texts("t", "now", "then"), "field 't' is illegal, array type mismatch"),
        ["array of numbers"] = (Two with { Name = "n" }, "array field 'n' is illegal"),
        ["array of other elements"] = (Lists("n", DataType.Int64, [1], [2]), "insert data does not match"),
        ["array too long"] = (Doubles([1], [1, 2, 3, 4]), "the length (4) of 1th array exceeds max capacity (3)"),
        ["array not a number"] = (Doubles([1], [double.NaN]), "is not a number or infinity"),
        ["int8 vector of another length"] = (new NamedColumn("w8", new VectorColumn(DataType.Int8Vector, 5, new byte[10])), "the dim (5) of field data(w8) is not equal to schema dim (4)"),
        ["int8 vector of floats"] = (Floats("w8", [1, 2, 3, 4], [1, 2, 3, 4]), "int8 vector field 'w8' is illegal, array type mismatch"),
        ["binary vector of another length"] = (new NamedColumn("wb", new VectorColumn(DataType.BinaryVector, 24, new byte[6])), "the dim (24) of field data(wb) is not equal to schema dim (16)"),
        ["sparse vector of floats"] = (Floats("sp", [1, 2], [1, 2]), "sparse float vector field 'sp' is illegal, array type mismatch"),
        ["sparse vector not a number"] = (Sparse("sp", [(1, 1f)], [(1, float.NaN)]), "value 'NaN' is not a number or infinity"),
        ["sparse vector infinite"] = (Sparse("sp", [(1, 1f)], [(1, float.PositiveInfinity)]), "value '+Inf' is not a number or infinity"),
        ["sparse vector beyond the last index"] = (Sparse("sp", [(1, 1f)], [(uint.MaxValue, 1f)]), "invalid index in sparse float vector: must be less than 2^32-1"),
        ["sparse vector descending"] = (Sparse("sp", [(1, 1f)], [(7, 1f), (3, 1f)]), "unsorted or same indices in sparse float vector"),
        ["sparse vector cut off"] = (new NamedColumn("sp", new BinaryColumn(DataType.SparseFloatVector, new[] { 0, 8, 15 }, new byte[15])), "invalid data length in sparse float vector"),
        ["one row too few"] = (Texts("s", "only one"), "the num_rows (1) of field (s) is not equal to passed num_rows (2)"),
        ["one row too many"] = (Jsons("j", "1", "2", "3"), "the num_rows (3) of field (j) is not equal to passed num_rows (2)"),
    };

    public static TheoryData<string> CaseNames => new(Cases.Keys);

    [Theory]
    [MemberData(nameof(CaseNames))]
    public async Task A_column_that_breaks_a_rule_is_refused(string name)
    {
        var world = new World();
        world.Create(s_fields);
        var (column, text) = Cases[name];
        var error = await World.RefusedAsync(text, () => world.InsertAsync(2, Int64s("id", 1, 2), Floats("v", [1, 2], [3, 4]), column));
        Assert.True(error.IsInputError);
        await World.RefusedAsync(text, () => world.UpsertAsync(2, Int64s("id", 1, 2), Floats("v", [1, 2], [3, 4]), column));
        Assert.Empty(world.Shards.Writes);
    }

    [Fact]
    public async Task A_row_with_every_field_at_its_limit_is_accepted()
    {
        var world = new World();
        world.Create(s_fields);
        await world.InsertAsync(2, Int64s("id", long.MinValue, long.MaxValue), Floats("v", [float.MaxValue, float.Epsilon], [-0f, 0]), Int32s("i", int.MinValue, int.MaxValue), Texts("s", "ääää", ""),
            Texts("x", new string('x', 2 << 20), ""), Jsons("j", "\"" + new string('x', 65534) + "\"", "{}"), Doubles([double.MaxValue, double.MinValue, 0], []), Sparse("sp", [(uint.MaxValue - 1, 1f)], []));
        Assert.Equal(2, world.Shards.Writes.Sum(w => w.Write.Inserts.Sum(i => i.Rows.RowCount)));
    }

    [Theory]
    [InlineData("x == \"a\"")]
    [InlineData("x in [\"a\"]")]
    [InlineData("x like \"a%\"")]
    [InlineData("x > \"a\"")]
    public async Task A_long_text_is_filtered_by_its_words_only(string filter)
    {
        var world = new World();
        world.Create(s_fields);
        await World.RefusedAsync("filter on text field (x) is not supported yet", () => world.QueryAsync(filter, ["id"]));
    }

    private static NamedColumn Doubles(params double[][] rows)
    {
        var builder = (ArrayColumnBuilder)ColumnBuilder.For(DataType.Array, DataType.Double);
        foreach (var row in rows)
        {
            foreach (var value in row) ((FixedColumnBuilder<double>)builder.Elements).Append(value);
            builder.EndRow();
        }
        return new("n", builder.Build());
    }
}
