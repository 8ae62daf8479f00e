using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.QueryNode;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Texts of sealed segments are analysed before a filter asks, after a restart too, unless that is switched off.</summary>
public class WarmTextTests
{
    private const int Rows = 150;

    [Theory]
    [InlineData("async", "", true)]
    [InlineData("", "", true)]
    [InlineData("disable", "", false)]
    [InlineData("", "disable", false)]
    [InlineData("disable", "sync", true)]
    public async Task Texts_are_analysed_ahead(string ofCollection, string ofField, bool isWarmed)
    {
        await using var machine = new Machine(2, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 400 } });
        await machine.StartAsync();
        await CreateAsync(machine, ofCollection, ofField);
        await InsertAsync(machine);
        await machine.FlushedAsync("c");
        await CheckAsync();
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await CheckAsync();

        async Task CheckAsync()
        {
            if (isWarmed) await Eventually.TrueAsync(() => Cold(machine) == 0, "the analysis");
            else Assert.Equal(1, Cold(machine));
            Assert.Equal(Rows / 3, await CountFoxesAsync(machine));
            // Whoever asks makes them.
            Assert.Equal(0, Cold(machine));
        }
    }

    [Fact]
    public async Task Analysed_texts_count_as_memory_and_wait_where_there_is_none()
    {
        await using var machine = new Machine(3, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 400 }, MemoryLimitBytes = 1 });
        await machine.StartAsync();
        await CreateAsync(machine, "", "");
        await InsertAsync(machine);
        await machine.FlushedAsync("c");
        await InsertAsync(machine);
        await machine.FlushedAsync("c");
        await Eventually.TrueAsync(() => machine.Milvus.Engine.Memory.UsedBytes > 0 && Cold(machine) == 2, "the segments");
        Assert.Equal(2 * Rows / 3, await CountFoxesAsync(machine));
        Assert.Equal(0, Cold(machine));

        machine.Options = machine.Options with { MemoryLimitBytes = 1L << 30 };
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await Eventually.TrueAsync(() => Cold(machine) == 0, "the analysis");
        var manifests = machine.Milvus.Coordinator.Segments.GetSegments(machine.Collection("c").Id);
        var bare = manifests.Sum(m => SealedSegmentReader.EstimateMemory(m, machine.Collection("c")));
        await Eventually.TrueAsync(() => machine.Milvus.Engine.Memory.UsedBytes > bare, "the count of the terms");
    }

    private static async Task CreateAsync(Machine machine, string ofCollection, string ofField)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema
            {
                Name = "text", Type = DataType.VarChar,
                TypeParams = [new("max_length", "99"), new("enable_analyzer", "true"), new("enable_match", "true"), .. ofField.Length > 0 ? new Property[] { new("warmup", ofField) } : []],
            },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] },
        ]);
        await machine.ExecuteAsync(new CreateCollection("", "c", schema) { Properties = ofCollection.Length > 0 ? [new("warmup.scalarIndex", ofCollection)] : [] });
        await machine.ExecuteAsync(new CreateIndex("", "c", "vector") { Params = [new("index_type", "FLAT"), new("metric_type", "L2")] });
        await machine.ExecuteAsync(new LoadCollection("", "c"));
    }

    private static async Task InsertAsync(Machine machine)
    {
        await machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
        {
            Collection = "c",
            RowCount = Rows,
            Columns =
            [
                new NamedColumn("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(0, Rows).Select(i => (long)i).ToArray())),
                new NamedColumn("text", BinaryColumn.FromStrings(DataType.VarChar, [.. Enumerable.Range(0, Rows).Select(i => i % 3 == 0 ? "red fox" : "grey seal")])),
                new NamedColumn("vector", new VectorColumn(DataType.FloatVector, 2, new byte[Rows * 8])),
            ],
        });
    }

    private static async Task<long> CountFoxesAsync(Machine machine)
    {
        var found = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = "c",
            Expression = "text_match(text, 'FOX')",
            OutputFields = ["count(*)"],
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        return ((FixedColumn<long>)found.Columns[0].Column).Values[0];
    }

    private static int Cold(Machine machine) => machine.Milvus.Engine.CountColdTexts(machine.Collection("c"));
}
