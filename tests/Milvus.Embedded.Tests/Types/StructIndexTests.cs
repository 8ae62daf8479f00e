using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Tests.Types;

/// <summary>Scalar indexes on the sub-fields of structs: filters find what they find without, and are answered by them.</summary>
public class StructIndexTests
{
    private const int Rows = 2000;

    [Theory]
    [InlineData("STL_SORT", "STL_SORT")]
    [InlineData("INVERTED", "INVERTED")]
    [InlineData("BITMAP", "BITMAP")]
    [InlineData("AUTOINDEX", "INVERTED")]
    public async Task Filters_on_sub_fields_are_answered_by_indexes(string index, string built)
    {
        await using var machine = new Machine(12, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = Rows } });
        await machine.StartAsync();
        var parent = new StructFieldSchema
        {
            Name = "s",
            Nullable = true,
            Fields =
            [
                new FieldSchema { Name = "n", Type = DataType.Array, ElementType = DataType.Int64 },
                new FieldSchema { Name = "t", Type = DataType.Array, ElementType = DataType.VarChar, TypeParams = [new("max_length", "8")] },
            ],
            TypeParams = [new("max_capacity", "6")],
        };
        var schema = new CollectionSchema(
            [new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true }, new FieldSchema { Name = "v", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] }], [], [parent]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema));
        await machine.ExecuteAsync(new CreateIndex("", "c", "v"));
        foreach (var sub in (string[])["s[n]", "s[t]"]) await machine.ExecuteAsync(new CreateIndex("", "c", sub) { Params = [new("index_type", index)] });
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        var lists = await InsertAsync(machine);
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");

        await CheckAsync("array_contains(s[n], 77)", l => l.Contains(77), built);
        await CheckAsync("array_contains_any(s[t], ['t3', 't400'])", l => l.Contains(3) || l.Contains(400), built);
        await CheckAsync("array_contains_all(s[n], [5, 6])", l => l.Contains(5) && l.Contains(6), built);
        await CheckAsync("match_any(s, $[n] == 77)", l => l.Contains(77));
        await CheckAsync("match_any(s, $[n] > 490 and $[t] != 't495')", l => l.Any(n => n > 490 && n != 495));
        await CheckAsync("match_all(s, $[t] >= 't5')", l => l.All(n => string.CompareOrdinal($"t{n}", "t5") >= 0));
        await CheckAsync("not match_any(s, $[n] == 77)", l => !l.Contains(77));
        await CheckAsync("match_most(s, $[n] > 490, threshold=0)", l => l.All(n => n <= 490));

        async Task CheckAsync(string filter, Func<long[], bool> passes, string? answeredBy = null)
        {
            var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
            {
                Collection = "c",
                Expression = filter,
                OutputFields = ["key"],
                ConsistencyLevel = ConsistencyLevel.Strong,
                Params = ImmutableDictionary<string, string>.Empty.Add("explain", "true"),
            });
            Assert.Equal(Enumerable.Range(0, Rows).Where(r => passes(lists[r] ?? [])).Select(r => (long)r), ((FixedColumn<long>)result.Columns[0].Column).Values.ToArray());
            if (answeredBy is null) return;
            var tests = result.Explain!.Steps.SelectMany(s => s.Segments).Where(s => s.IsSealed).SelectMany(s => s.Tests).ToList();
            Assert.NotEmpty(tests);
            Assert.All(tests, t => Assert.Equal(answeredBy, t.IndexKind));
        }
    }

    /// <returns>The numbers of every row, null for rows without a struct; the texts are the same behind a t.</returns>
    private static async Task<long[]?[]> InsertAsync(Machine machine)
    {
        var random = new Random(5);
        var lists = new long[]?[Rows];
        var numbers = new ArrayColumnBuilder(ColumnBuilder.For(DataType.Int64));
        var texts = new ArrayColumnBuilder(ColumnBuilder.For(DataType.VarChar));
        for (var row = 0; row < Rows; row++)
        {
            if (random.Next(9) == 0)
            {
                numbers.AppendNull();
                texts.AppendNull();
                continue;
            }
            lists[row] = [.. Enumerable.Range(0, random.Next(7)).Select(_ => random.NextInt64(500))];
            foreach (var n in lists[row]!)
            {
                ((FixedColumnBuilder<long>)numbers.Elements).Append(n);
                ((BinaryColumnBuilder)texts.Elements).Append(System.Text.Encoding.UTF8.GetBytes($"t{n}"));
            }
            numbers.EndRow();
            texts.EndRow();
        }
        await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
        {
            Collection = "c",
            RowCount = Rows,
            Columns =
            [
                new("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(0, Rows).Select(i => (long)i).ToArray())), new("v", new VectorColumn(DataType.FloatVector, 2, new byte[Rows * 8])),
                new("s[n]", numbers.Build()), new("s[t]", texts.Build()),
            ],
        });
        return lists;
    }
}
