using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Api.Import;
using Milvus.Api.Tests.Rest;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Imports;
using Milvus.Embedded;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;
using Milvus.TestKit.Disk;

namespace Milvus.Api.Tests.Import;

/// <summary>Refreshes of external collections over the end of a process: the rows of before or those of the files, never some of each.</summary>
public sealed class RefreshRestartTests : IAsyncLifetime, IDisposable
{
    private const string Spec = """{"format":"json","extfs":{"cloud_provider":"aws","region":"r","anonymous":"true"}}""";

    private readonly TemporaryDirectory _directory = new();
    private EmbeddedMilvus _milvus = null!;

    public async Task InitializeAsync()
    {
        await OpenAsync();
        var schema = new CollectionSchema(
            [
                new FieldSchema { Name = "id", Type = DataType.Int64, ExternalField = "id" },
                new FieldSchema { Name = "v", Type = DataType.FloatVector, TypeParams = [new Property("dim", "2")], ExternalField = "v" },
            ],
            externalSource: "s3://lake/a/", externalSpec: Spec);
        await _milvus.Proxy.ExecuteAsync(RequestContext.Default, new CreateCollection("default", "c", schema));
        await _milvus.Proxy.ExecuteAsync(RequestContext.Default, new CreateIndex("default", "c", "v"));
        await _milvus.Proxy.ExecuteAsync(RequestContext.Default, new LoadCollection("default", "c"));
        await PutAsync("a/rows.json", 100);
        await PutAsync("b/rows.json", 30);
        await Work.RunAsync(await CreateAsync(), default);
        Assert.Equal(100, await CountAsync());
    }

    public async Task DisposeAsync() => await _milvus.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Rows_and_source_survive_a_restart()
    {
        await ReopenAsync();
        Assert.Equal(100, await CountAsync());
        var schema = _milvus.Proxy.Catalog.GetCollection("default", "c").Schema;
        Assert.Equal(("s3://lake/a/", Spec, true, "v"), (schema.ExternalSource, schema.ExternalSpec, schema.IsExternal, schema.Find("v")!.ExternalField));
        // Nothing has changed: nothing is read.
        var before = await SegmentsAsync();
        await Work.RunAsync(await CreateAsync(), default);
        Assert.Equal(before, await SegmentsAsync());
    }

    [Fact]
    public async Task What_was_interrupted_before_its_commit_begins_anew()
    {
        var id = await CreateAsync("s3://lake/b/");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ImportWork(_milvus.Proxy, new DyingGateway(_milvus.Engine, isCommitted: false), Files, TimeProvider.System, NullLogger.Instance).RunAsync(id, default));
        Assert.Equal(100, await CountAsync());
        await ReopenAsync();
        Assert.Equal(100, await CountAsync());
        Assert.Equal("s3://lake/a/", Source);
        await Work.RunAsync(id, default);
        Assert.Equal((ImportState.Completed, "s3://lake/b/"), (Job(id).State, Source));
        Assert.Equal(30, await CountAsync());
        await ReopenAsync();
        Assert.Equal(30, await CountAsync());
    }

    [Fact]
    public async Task What_was_interrupted_behind_its_commit_is_found_done()
    {
        var id = await CreateAsync("s3://lake/b/");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ImportWork(_milvus.Proxy, new DyingGateway(_milvus.Engine, isCommitted: true), Files, TimeProvider.System, NullLogger.Instance).RunAsync(id, default));
        Assert.Equal(30, await CountAsync());
        Assert.False(Job(id).IsOver);
        await ReopenAsync();
        var segments = await SegmentsAsync();
        await Work.RunAsync(id, default);
        Assert.Equal((ImportState.Completed, "s3://lake/b/"), (Job(id).State, Source));
        Assert.Equal(segments, await SegmentsAsync());
        Assert.Equal(30, await CountAsync());
    }

    [Fact]
    public async Task One_refresh_at_a_time()
    {
        var id = await CreateAsync();
        var e = await Assert.ThrowsAsync<MilvusException>(() => CreateAsync());
        Assert.Equal(ErrorCode.TaskDuplicate, e.Code);
        Assert.Contains($"refresh job {id} is already in progress", e.Message);
        await Work.RunAsync(id, default);
        await CreateAsync();
    }

    [Fact]
    public async Task Segments_of_external_files_are_not_merged()
    {
        for (var i = 0; i < 4; i++)
        {
            await PutAsync($"a/more{i}.json", 10);
            await Work.RunAsync(await CreateAsync(), default);
        }
        var before = await SegmentsAsync();
        Assert.Equal(5, before.Count);
        await _milvus.Engine.CompactAsync(_milvus.Proxy.Catalog.GetCollection("default", "c"), byKey: false, default);
        Assert.Equal(before, await SegmentsAsync());
        Assert.Equal(140, await CountAsync());
    }

    /// <summary>The process ends before or behind the commit.</summary>
    private sealed class DyingGateway(IImportGateway inner, bool isCommitted) : IImportGateway
    {
        public Task<bool> IsImportedAsync(long collectionId, long importId, CancellationToken cancellation) => inner.IsImportedAsync(collectionId, importId, cancellation);

        public Task<ImmutableArray<SegmentManifest>> GetSegmentsAsync(long collectionId, CancellationToken cancellation) => inner.GetSegmentsAsync(collectionId, cancellation);

        public async Task<IRowIntake> BeginAsync(CollectionInfo collection, long importId, CancellationToken cancellation) => new Intake(await inner.BeginAsync(collection, importId, cancellation), isCommitted);

        private sealed class Intake(IRowIntake inner, bool isCommitted) : IRowIntake
        {
            public Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation) => inner.AppendAsync(shard, partitionId, rows, cancellation);

            public Task CutAsync(ImmutableArray<string> sources, CancellationToken cancellation) => inner.CutAsync(sources, cancellation);

            public async Task CommitAsync(ImmutableArray<long> replaced, CancellationToken cancellation)
            {
                if (isCommitted) await inner.CommitAsync(replaced, CancellationToken.None);
                throw new OperationCanceledException("the process ends");
            }

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    private LocalObjectStore Files => new(Path.Combine(_directory.Path, "files"));

    private ImportWork Work => new(_milvus.Proxy, _milvus.Engine, Files, TimeProvider.System, NullLogger.Instance);

    private string Source => _milvus.Proxy.Catalog.GetCollection("default", "c").Schema.ExternalSource;

    private ImportJob Job(long id) => _milvus.Proxy.Catalog.FindImport(id)!;

    private Task PutAsync(string name, int rows) =>
        Files.PutAsync($"lake/{name}", Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, rows).Select(i => $$"""{"id":{{i}},"v":[{{i}},1]}"""))}]"));

    private async Task<long> CreateAsync(string source = "") =>
        (await _milvus.Proxy.ExecuteAsync(RequestContext.Default, new RefreshExternal("default", "c", source, source.Length == 0 ? "" : Spec))).Id;

    private async Task<List<long>> SegmentsAsync() =>
        [.. (await _milvus.Engine.GetSegmentsAsync(_milvus.Proxy.Catalog.GetCollection("default", "c").Id, default)).Select(s => s.SegmentId)];

    private Task<long> CountAsync() => PlainCollection.CountAsync(_milvus, "c");

    private async Task OpenAsync() =>
        _milvus = await EmbeddedMilvus.OpenAsync(Path.Combine(_directory.Path, "data"), RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance);

    private async Task ReopenAsync()
    {
        await _milvus.DisposeAsync();
        await OpenAsync();
        await _milvus.Engine.WaitLoadedAsync(_milvus.Proxy.Catalog.GetCollection("default", "c"), default);
    }
}
