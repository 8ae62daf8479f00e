using Milvus.Model;

namespace Milvus.Segments.Tests.Model;

/// <summary>Random operations against a list of rows: sealing, compaction and loading never change an answer at a fixed moment.</summary>
public class SegmentModelTests
{
    [Theory]
    [InlineData(DataType.Int64, 1)]
    [InlineData(DataType.Int64, 2)]
    [InlineData(DataType.Int64, 3)]
    [InlineData(DataType.VarChar, 4)]
    [InlineData(DataType.VarChar, 5)]
    [InlineData(DataType.VarChar, 6)]
    public async Task Any_history_reads_like_the_list_of_its_rows(DataType keyType, int seed)
    {
        var random = new Random(seed);
        var shard = new ModelShard(keyType, random);
        for (var step = 0; step < 70; step++)
        {
            switch (random.Next(10))
            {
                case 0 or 1 or 2: shard.Insert(random.Next(1, 60), keySpace: 200); break;
                case 3 or 4: shard.Upsert(random.Next(1, 20), keySpace: 200); break;
                case 5 or 6: shard.Delete(random.Next(1, 20), keySpace: 200); break;
                case 7: shard.Roll(); break;
                case 8: await shard.SealAsync(); break;
                default:
                    if (shard.SealedCount > 2) await shard.CompactAsync();
                    break;
            }
            shard.Check();
        }
    }

    [Fact]
    public async Task Rows_over_many_blocks_read_like_the_list_of_their_rows()
    {
        var random = new Random(11);
        var shard = new ModelShard(DataType.Int64, random);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 5; i++) shard.Insert(random.Next(1, 2 * ColumnLimits.BlockRows / 3), keySpace: 20_000);
            shard.Delete(3_000, keySpace: 20_000);
            shard.Upsert(500, keySpace: 20_000);
            await shard.SealAsync();
            shard.Check();
        }
        await shard.CompactAsync();
        shard.Check();
    }
}
