using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Text.Bm25;

namespace Milvus.Proxy.Reading.Explaining;

/// <summary>Opens shards as another gateway does, and takes notes of what is asked of them.</summary>
internal sealed class ExplainingGateway(IShardGateway shards, ReadNotes notes) : IShardGateway
{
    public ValueTask<Timestamp> WriteAsync(CollectionInfo collection, int shard, ShardWrite write, CancellationToken cancellation) =>
        shards.WriteAsync(collection, shard, write, cancellation);

    public async ValueTask<IShardReader> OpenAsync(CollectionInfo collection, int shard, Timestamp guarantee, Timestamp? readAt, CancellationToken cancellation)
    {
        var start = notes.Now();
        var reader = await shards.OpenAsync(collection, shard, guarantee, readAt, cancellation).ConfigureAwait(false);
        notes.Add(shard, "open", notes.MsSince(start));
        return new Reader(reader, shard, notes);
    }

    /// <summary>Answers first, so that times are those of an unexplained request; then has the same question explained.</summary>
    private sealed class Reader(IShardReader reader, int shard, ReadNotes notes) : IShardReader
    {
        public Timestamp ReadAt => reader.ReadAt;

        public void Dispose() => reader.Dispose();

        public ValueTask<ShardHits> SearchAsync(ShardSearch request, CancellationToken cancellation) =>
            NoteAsync("search", () => reader.SearchAsync(request, cancellation), () => reader.ExplainSearchAsync(request, cancellation));

        public ValueTask<ShardRows> QueryAsync(ShardQuery request, CancellationToken cancellation) =>
            NoteAsync("query", () => reader.QueryAsync(request, cancellation), () => reader.ExplainQueryAsync(request, cancellation));

        public ValueTask<long> CountAsync(ShardQuery request, CancellationToken cancellation) =>
            NoteAsync("count", () => reader.CountAsync(request, cancellation), () => reader.ExplainQueryAsync(request, cancellation));

        public ValueTask<GroupStates> AggregateAsync(ShardAggregation request, CancellationToken cancellation) =>
            NoteAsync("aggregate", () => reader.AggregateAsync(request, cancellation), () => reader.ExplainQueryAsync(request.Rows, cancellation));

        public ValueTask<Column> FetchAsync(long fieldId, ReadOnlyMemory<RowReference> rows, CancellationToken cancellation) =>
            NoteAsync("fetch", () => reader.FetchAsync(fieldId, rows, cancellation), null);

        public ValueTask<Bm25QueryStatistics> GetTermStatisticsAsync(long fieldId, ReadOnlyMemory<uint> terms, CancellationToken cancellation) =>
            NoteAsync("terms", () => reader.GetTermStatisticsAsync(fieldId, terms, cancellation), null);

        public ValueTask<ImmutableArray<SegmentExplain>> ExplainSearchAsync(ShardSearch request, CancellationToken cancellation) => reader.ExplainSearchAsync(request, cancellation);

        public ValueTask<ImmutableArray<SegmentExplain>> ExplainQueryAsync(ShardQuery request, CancellationToken cancellation) => reader.ExplainQueryAsync(request, cancellation);

        private async ValueTask<T> NoteAsync<T>(string operation, Func<ValueTask<T>> ask, Func<ValueTask<ImmutableArray<SegmentExplain>>>? explain)
        {
            var start = notes.Now();
            var answer = await ask().ConfigureAwait(false);
            var ms = notes.MsSince(start);
            if (explain is null)
            {
                notes.Add(shard, operation, ms);
                return answer;
            }
            var explaining = notes.Now();
            var segments = await explain().ConfigureAwait(false);
            notes.Add(shard, operation, ms, segments, notes.MsSince(explaining));
            return answer;
        }
    }
}
