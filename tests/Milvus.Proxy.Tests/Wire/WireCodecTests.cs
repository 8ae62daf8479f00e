using System.Buffers.Binary;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Proxy.Wire;
using Milvus.TestKit.Columns;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy.Tests.Wire;

/// <summary>Everything that crosses node boundaries comes back as it was, and nothing damaged is believed.</summary>
public class WireCodecTests
{
    private static readonly (Func<RandomMessages, ReadOnlyMemory<byte>> Make, Action<ReadOnlyMemory<byte>> Decode)[] s_codecs =
    [
        (m => ShardWriteCodec.Encode(m.Write()), b => ShardWriteCodec.Decode(b)),
        (m => ShardSearchCodec.Encode(m.Search()), b => ShardSearchCodec.Decode(b, RandomMessages.Schema, RandomMessages.Compile)),
        (m => ShardHitsCodec.Encode(m.Hits()), b => ShardHitsCodec.Decode(b)),
        (m => ShardQueryCodec.Encode(m.Query()), b => ShardQueryCodec.Decode(b, RandomMessages.Schema, RandomMessages.Compile)),
        (m => ShardAggregationCodec.Encode(m.Aggregation()), b => ShardAggregationCodec.Decode(b, RandomMessages.Schema, RandomMessages.Compile)),
        (m => GroupStatesCodec.Encode(m.States()), b => GroupStatesCodec.Decode(b)),
        (m => ShardRowsCodec.Encode(m.ShardRows()), b => ShardRowsCodec.Decode(b)),
        (m => ColumnReplyCodec.Encode(m.AnyColumn(9, 0.2)), b => ColumnReplyCodec.Decode(b)),
        (m => Bm25QueryStatisticsCodec.Encode(m.Statistics()), b => Bm25QueryStatisticsCodec.Decode(b)),
        (m => RowFetchCodec.Encode(103, m.Rows(5)), b => RowFetchCodec.Decode(b)),
        (_ => TermQuestionCodec.Encode(104, [1, 2, 3]), b => TermQuestionCodec.Decode(b)),
        (m => SegmentExplainCodec.Encode(m.Explains()), b => SegmentExplainCodec.Decode(b)),
        (_ => ErrorCodec.Encode(MilvusException.InvalidParameter("é")), b => ErrorCodec.Decode(b)),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Searches_come_back(int seed)
    {
        var messages = new RandomMessages(new Random(seed));
        for (var n = 0; n < 200; n++)
        {
            var search = messages.Search();
            var back = ShardSearchCodec.Decode(ShardSearchCodec.Encode(search), RandomMessages.Schema, RandomMessages.Compile);
            Assert.Same(search.Field, back.Field);
            Assert.Equal(search.GroupBy.ToArray(), back.GroupBy.ToArray());
            Assert.Equal(
                (search.Metric, search.K, search.Radius, search.RangeFilter, search.IgnoreGrowing, search.ExpireBefore, search.GroupSize, search.StrictGroupSize, search.Exhaustive, search.Queries.Type),
                (back.Metric, back.K, back.Radius, back.RangeFilter, back.IgnoreGrowing, back.ExpireBefore, back.GroupSize, back.StrictGroupSize, back.Exhaustive, back.Queries.Type));
            Assert.Equal(search.PartitionIds.ToArray(), back.PartitionIds.ToArray());
            Assert.Equal(search.IndexParams.OrderBy(p => p.Key, StringComparer.Ordinal), back.IndexParams.OrderBy(p => p.Key, StringComparer.Ordinal));
            Assert.Equal(search.Queries.Rows.Select(r => Convert.ToHexString(r.Span)), back.Queries.Rows.Select(r => Convert.ToHexString(r.Span)));
            Same(search.Filter, back.Filter);
            Assert.Equal(search.Bm25 is null, back.Bm25 is null);
            if (search.Bm25 is not { } scoring) continue;
            Assert.Equal((scoring.DocumentCount, scoring.AverageLength, scoring.K1, scoring.B), (back.Bm25!.DocumentCount, back.Bm25.AverageLength, back.Bm25.K1, back.Bm25.B));
            foreach (var row in search.Queries.Rows)
                foreach (var element in Vectors.SparseRow.Elements(row.Span))
                    Assert.Equal(scoring.InverseDocumentFrequency(element.Index), back.Bm25.InverseDocumentFrequency(element.Index));
            // What was received can be sent on.
            Assert.True(ShardSearchCodec.Encode(search).Span.SequenceEqual(ShardSearchCodec.Encode(back).Span));
        }
    }

    [Fact]
    public void Explanations_come_back()
    {
        var messages = new RandomMessages(new Random(5));
        for (var n = 0; n < 50; n++)
        {
            var explains = messages.Explains();
            var back = SegmentExplainCodec.Decode(SegmentExplainCodec.Encode(explains));
            Assert.Equal(explains.Select(e => e with { Tests = [] }), back.Select(e => e with { Tests = [] }));
            Assert.Equal(explains.SelectMany(e => e.Tests), back.SelectMany(e => e.Tests));
        }
    }

    [Fact]
    public void Hits_queries_and_rows_come_back()
    {
        var messages = new RandomMessages(new Random(3));
        for (var n = 0; n < 200; n++)
        {
            var hits = messages.Hits();
            var back = ShardHitsCodec.Decode(ShardHitsCodec.Encode(hits));
            Assert.Equal(hits.Counts, back.Counts);
            Assert.Equal(hits.Scores, back.Scores);
            Assert.Equal(hits.Rows, back.Rows);
            Assert.Equal(hits.Timestamps, back.Timestamps);
            Assert.Equal(hits.Examined, back.Examined);
            Assert.Equal(hits.Elements, back.Elements);
            Same(hits.Ids.Column, back.Ids.Column);
            Assert.Equal(hits.GroupValues.Length, back.GroupValues.Length);
            foreach (var (a, b) in hits.GroupValues.Zip(back.GroupValues)) Same(a, b);

            var query = messages.Query();
            var same = ShardQueryCodec.Decode(ShardQueryCodec.Encode(query), RandomMessages.Schema, RandomMessages.Compile);
            Assert.Equal((query.ExpireBefore, query.IgnoreGrowing, query.Limit), (same.ExpireBefore, same.IgnoreGrowing, same.Limit));
            Assert.Equal(query.PartitionIds.ToArray(), same.PartitionIds.ToArray());
            Same(query.Filter, same.Filter);
            Assert.Equal(query.Order.ToArray(), same.Order.ToArray());

            var aggregation = messages.Aggregation();
            var alike = ShardAggregationCodec.Decode(ShardAggregationCodec.Encode(aggregation), RandomMessages.Schema, RandomMessages.Compile);
            Assert.Equal(aggregation.GroupBy.ToArray(), alike.GroupBy.ToArray());
            Assert.Equal(aggregation.Aggregates.ToArray(), alike.Aggregates.ToArray());
            Assert.Equal(aggregation.Rows.Limit, alike.Rows.Limit);

            var states = messages.States();
            var kept = GroupStatesCodec.Decode(GroupStatesCodec.Encode(states));
            Assert.Equal(states.GroupCount, kept.GroupCount);
            foreach (var (a, b) in states.Keys.Concat(states.States).Zip(kept.Keys.Concat(kept.States))) Same(a, b);

            var rows = messages.ShardRows();
            var found = ShardRowsCodec.Decode(ShardRowsCodec.Encode(rows));
            Assert.Equal(rows.Rows, found.Rows);
            Assert.Equal(rows.Timestamps, found.Timestamps);
            Same(rows.Ids.Column, found.Ids.Column);
            Assert.Equal(rows.OrderValues.Length, found.OrderValues.Length);
            foreach (var (a, b) in rows.OrderValues.Zip(found.OrderValues)) Same(a, b);
        }
    }

    [Fact]
    public void Writes_columns_and_statistics_come_back()
    {
        var messages = new RandomMessages(new Random(4));
        for (var n = 0; n < 200; n++)
        {
            var write = messages.Write();
            var back = ShardWriteCodec.Decode(ShardWriteCodec.Encode(write));
            Assert.Equal(write.Deletes is null, back.Deletes is null);
            if (write.Deletes is { } deletes) Same(deletes.Column, back.Deletes!.Value.Column);
            Assert.Equal(write.DeletePartitions.ToArray(), back.DeletePartitions.ToArray());
            Assert.Equal(write.Inserts.Select(i => (i.PartitionId, i.Rows.RowCount)), back.Inserts.Select(i => (i.PartitionId, i.Rows.RowCount)));
            foreach (var (a, b) in write.Inserts.SelectMany(i => i.Rows.Columns).Zip(back.Inserts.SelectMany(i => i.Rows.Columns)))
            {
                Assert.Equal(a.FieldId, b.FieldId);
                Same(a.Column, b.Column);
            }

            var column = messages.AnyColumn(n % 70, n % 2 * 0.3);
            Same(column, ColumnReplyCodec.Decode(ColumnReplyCodec.Encode(column)));

            var statistics = messages.Statistics();
            var known = Bm25QueryStatisticsCodec.Decode(Bm25QueryStatisticsCodec.Encode(statistics));
            Assert.Equal((statistics.DocumentCount, statistics.TokenCount), (known.DocumentCount, known.TokenCount));
            Assert.Equal(statistics.Terms, known.Terms);
            Assert.Equal(statistics.DocumentFrequencies, known.DocumentFrequencies);

            var wanted = messages.Rows(n % 9);
            var (field, fetched) = RowFetchCodec.Decode(RowFetchCodec.Encode(n, wanted));
            Assert.Equal(n, field);
            Assert.Equal(wanted, fetched);
            Assert.Equal((7L, [1u, uint.MaxValue]), TermQuestionCodec.Decode(TermQuestionCodec.Encode(7, [1, uint.MaxValue])), (a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2));
        }
    }

    [Fact]
    public void Errors_keep_code_text_and_flags()
    {
        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            foreach (var error in new[] { new MilvusException(code, $"text of {code} é"), new MilvusException(code, "") { IsInputError = true }, new Stubborn(code) })
            {
                var back = ErrorCodec.Decode(ErrorCodec.Encode(error));
                Assert.Equal((error.Code, error.Message, error.IsRetriable, error.IsInputError), (back.Code, back.Message, back.IsRetriable, back.IsInputError));
            }
        }
    }

    [Fact]
    public void Changed_or_cut_messages_are_recognised()
    {
        var random = new Random(5);
        var messages = new RandomMessages(random);
        foreach (var (make, decode) in s_codecs)
        {
            for (var n = 0; n < 40; n++)
            {
                var bytes = make(messages).ToArray();
                decode(bytes);
                Assert.Throws<IntegrityException>(() => decode(bytes.AsMemory(0, random.Next(bytes.Length))));
                Assert.Throws<IntegrityException>(() => decode(bytes.Append((byte)0).ToArray()));
                var changed = bytes.ToArray();
                changed[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                Assert.Throws<IntegrityException>(() => decode(changed));
            }
        }
    }

    /// <summary>A checksum proves nothing about a sender's sanity: nonsense with a good one must not do harm either.</summary>
    [Fact]
    public void Nonsense_with_a_good_checksum_does_no_harm()
    {
        var random = new Random(6);
        var messages = new RandomMessages(random);
        foreach (var (make, decode) in s_codecs)
        {
            for (var n = 0; n < 400; n++)
            {
                var bytes = make(messages).ToArray();
                for (var k = random.Next(1, 4); k > 0; k--) bytes[random.Next(bytes.Length - 4)] = random.Next(3) == 0 ? (byte)0xff : (byte)random.Next(256);
                if (random.Next(3) == 0) bytes = bytes[..random.Next(6, bytes.Length + 1)];
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
                try
                {
                    decode(bytes);
                }
                catch (Exception e) when (e is IntegrityException or MilvusException)
                {
                }
            }
        }
    }

    [Fact]
    public void Messages_of_other_kinds_and_versions_are_refused()
    {
        var messages = new RandomMessages(new Random(7));
        var rows = ShardRowsCodec.Encode(messages.ShardRows());
        Assert.Throws<IntegrityException>(() => ShardHitsCodec.Decode(rows));
        var newer = rows.ToArray();
        newer[0] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(newer.AsSpan(newer.Length - 4), Crc32C.Compute(newer.AsSpan(0, newer.Length - 4)));
        Assert.Contains("version 2", Assert.Throws<IntegrityException>(() => ShardRowsCodec.Decode(newer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_that_the_receiver_does_not_know_is_an_error_of_its_own()
    {
        var search = new RandomMessages(new Random(8)).Search();
        var schema = new CollectionSchema([RandomMessages.Schema.PrimaryKey]);
        var error = Assert.Throws<MilvusException>(() => ShardSearchCodec.Decode(ShardSearchCodec.Encode(search), schema, RandomMessages.Compile));
        Assert.Equal(ErrorCode.FieldNotFound, error.Code);
    }

    [Fact]
    public void The_cache_compiles_a_filter_once_per_schema_and_forgets_the_oldest()
    {
        var cache = new FilterPlanCache(new AnalyzerRegistry(), capacity: 2);
        FilterSource Source(int i) => new() { Expression = $"number == {i}" };
        var first = cache.Get(Source(1), RandomMessages.Schema);
        Assert.Same(first, cache.For(RandomMessages.Schema)(Source(1)));
        Assert.NotSame(first, cache.Get(Source(1), RandomMessages.Schema.With(version: 2)));
        cache.Get(Source(2), RandomMessages.Schema);
        Assert.NotSame(first, cache.Get(Source(1), RandomMessages.Schema));
    }

    [Fact]
    public void Filters_by_keys_survive()
    {
        var plan = Milvus.Proxy.Reading.Filters.ForKeys(RandomMessages.Schema, PrimaryKeys.Of(5, 3, 5));
        var back = RandomMessages.Compile(FilterSourceCodec.Decode(FilterSourceCodec.Encode(plan.Source)));
        Same(plan, back);
        Assert.Equal([3, 5], back.PrimaryKeys!.Keys.Int64s.ToArray());
        Assert.Equal(3, back.PrimaryKeys.GivenCount);
    }

    private static void Same(Column expected, Column actual)
    {
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(RandomColumns.Describe(expected), RandomColumns.Describe(actual));
    }

    private static void Same(FilterPlan? expected, FilterPlan? actual)
    {
        Assert.Equal(expected?.Source, actual?.Source);
        Assert.Equal(expected?.Explain(), actual?.Explain());
    }

    private sealed class Stubborn(ErrorCode code) : MilvusException(code, "again")
    {
        public override bool IsRetriable => !Code.IsRetriable();
    }
}
