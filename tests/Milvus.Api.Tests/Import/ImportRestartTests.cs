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

/// <summary>Import jobs over the end of a process: done once or not at all.</summary>
public sealed class ImportRestartTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private EmbeddedMilvus _milvus = null!;

    public async Task InitializeAsync()
    {
        await OpenAsync();
        await PlainCollection.CreateAsync(_milvus, "c");
        var rows = string.Join(',', Enumerable.Range(0, 500).Select(i => $$"""{"id":{{i}},"v":[{{i}},1]}"""));
        await Files.PutAsync("rows.json", Encoding.UTF8.GetBytes($"[{rows}]"));
    }

    public async Task DisposeAsync() => await _milvus.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_interrupted_job_begins_anew_and_gives_its_rows_once()
    {
        var id = await CreateAsync("rows.json");
        // Rows were written, the process ends before the commit.
        await using (var intake = await BeginAsync(id)) await FillAsync(intake);
        await ReopenAsync();
        Assert.Equal(ImportState.Pending, Jobs.Get(id).State);
        await Work.RunAsync(id, default);
        Assert.Equal((ImportState.Completed, 500L), (Jobs.Get(id).State, Jobs.Get(id).ImportedRows));
        Assert.Equal(500, await CountAsync());
    }

    [Fact]
    public async Task A_job_that_was_interrupted_behind_its_commit_is_found_done()
    {
        var id = await CreateAsync("rows.json");
        await using (var intake = await BeginAsync(id))
        {
            await FillAsync(intake);
            Assert.Equal(0, await CountAsync());
            await intake.CommitAsync([], default);
        }
        Assert.Equal(500, await CountAsync());
        await ReopenAsync();
        await Work.RunAsync(id, default);
        Assert.Equal(ImportState.Completed, Jobs.Get(id).State);
        Assert.Equal(500, await CountAsync());
        // A second worker that had begun earlier comes too late.
        await using (var late = await BeginAsync(id))
        {
            await FillAsync(late);
            await late.CommitAsync([], default);
        }
        await ReopenAsync();
        Assert.Equal(500, await CountAsync());
    }

    [Fact]
    public async Task Deletes_and_upserts_meet_imported_rows_by_time()
    {
        await _milvus.Proxy.InsertAsync(RequestContext.Default, PlainCollection.Rows("c", 7, 8));
        await DeleteAsync(8);
        var id = await CreateAsync("rows.json");
        await Work.RunAsync(id, default);
        // What was deleted before the import is not deleted from it; what was there twice is.
        Assert.Equal(501, await CountAsync());
        await DeleteAsync(7);
        Assert.Equal(499, await CountAsync());
        await _milvus.Proxy.FlushAsync(RequestContext.Default, "c");
        await ReopenAsync();
        Assert.Equal(499, await CountAsync());
    }

    [Fact]
    public async Task Jobs_wait_for_their_client_over_a_restart()
    {
        var id = await CreateAsync("rows.json", new Property("auto_commit", "false"));
        await Work.RunAsync(id, default);
        Assert.Equal((ImportState.Uncommitted, 500L), (Jobs.Get(id).State, Jobs.Get(id).TotalRows));
        await ReopenAsync();
        Assert.Equal(0, await CountAsync());
        await Jobs.CommitAsync($"{id}", default);
        await ReopenAsync();
        await Work.RunAsync(id, default);
        Assert.Equal(500, await CountAsync());
    }

    [Fact]
    public async Task A_dropped_collection_fails_its_jobs()
    {
        var id = await CreateAsync("rows.json");
        await _milvus.Proxy.ExecuteAsync(RequestContext.Default, new DropCollection("default", "c"));
        await Work.RunAsync(id, default);
        Assert.Equal(ImportState.Failed, Jobs.Get(id).State);
        Assert.Contains("was dropped", Jobs.Get(id).Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_that_runs_out_of_time_is_done_if_its_rows_are_there(bool isCommitted)
    {
        var id = await CreateAsync("rows.json", new Property("timeout", "1h"));
        var time = new FiredTime();
        await new ImportWork(_milvus.Proxy, new SlowGateway(_milvus.Engine, time.Fire, isCommitted), Files, time, NullLogger.Instance).RunAsync(id, default);
        var job = Jobs.Get(id);
        Assert.Equal(isCommitted ? (ImportState.Completed, "") : (ImportState.Failed, "import timeout"), (job.State, job.Reason));
        Assert.Equal(isCommitted ? 500 : 0, await CountAsync());
    }

    [Fact]
    public async Task A_cancellation_that_nobody_asked_for_ends_neither_the_job_nor_the_worker()
    {
        var first = await CreateAsync("rows.json");
        var attempts = 0;
        var gateway = new SlowGateway(_milvus.Engine, () => { if (++attempts == 1) throw new TaskCanceledException("a connection was given up"); }, isCommitted: false);
        await using var worker = new ImportWorker(_milvus.Proxy, new ImportWork(_milvus.Proxy, gateway, Files, TimeProvider.System, NullLogger.Instance), new FiredTime { IsHasty = true }, NullLogger.Instance);
        for (var i = 0; i < 2000 && Jobs.Get(first).State != ImportState.Completed; i++) await Task.Delay(5);
        Assert.Equal((ImportState.Completed, 2), (Jobs.Get(first).State, attempts));
        Assert.Equal(500, await CountAsync());
    }

    /// <summary>Something happens just before or behind the commit.</summary>
    private sealed class SlowGateway(IImportGateway inner, Action happens, bool isCommitted) : IImportGateway
    {
        public Task<bool> IsImportedAsync(long collectionId, long importId, CancellationToken cancellation) => inner.IsImportedAsync(collectionId, importId, cancellation);

        public Task<ImmutableArray<SegmentManifest>> GetSegmentsAsync(long collectionId, CancellationToken cancellation) => inner.GetSegmentsAsync(collectionId, cancellation);

        public async Task<IRowIntake> BeginAsync(CollectionInfo collection, long importId, CancellationToken cancellation) =>
            new Intake(await inner.BeginAsync(collection, importId, cancellation), happens, isCommitted);

        private sealed class Intake(IRowIntake inner, Action happens, bool isCommitted) : IRowIntake
        {
            public Task AppendAsync(int shard, long partitionId, ColumnBatch rows, CancellationToken cancellation) => inner.AppendAsync(shard, partitionId, rows, cancellation);

            public Task CutAsync(ImmutableArray<string> sources, CancellationToken cancellation) => inner.CutAsync(sources, cancellation);

            public async Task CommitAsync(ImmutableArray<long> replaced, CancellationToken cancellation)
            {
                if (isCommitted) await inner.CommitAsync(replaced, CancellationToken.None);
                happens();
                cancellation.ThrowIfCancellationRequested();
                if (!isCommitted) await inner.CommitAsync(replaced, cancellation);
            }

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }

    /// <summary>Timers fire when the test says so, or as soon as they are made.</summary>
    private sealed class FiredTime : TimeProvider
    {
        private (TimerCallback Callback, object? State) _last;

        public bool IsHasty { get; init; }

        public void Fire() => _last.Callback(_last.State);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _last = (callback, state);
            return System.CreateTimer(callback, state, IsHasty ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private LocalObjectStore Files => new(Path.Combine(_directory.Path, "files"));

    private ImportJobs Jobs => new(_milvus.Proxy);

    private ImportWork Work => new(_milvus.Proxy, _milvus.Engine, Files, TimeProvider.System, NullLogger.Instance);

    private async Task OpenAsync() =>
        _milvus = await EmbeddedMilvus.OpenAsync(Path.Combine(_directory.Path, "data"), RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance);

    private async Task ReopenAsync()
    {
        await _milvus.DisposeAsync();
        await OpenAsync();
        if (_milvus.Coordinator.Catalog.TryResolveCollection("default", "c", out var collection)) await _milvus.Engine.WaitLoadedAsync(collection, default);
    }

    private Task<long> CreateAsync(string file, params ImmutableArray<Property> options) => Jobs.CreateAsync(new("default", "c", "", [[file]], options), default);

    private Task<IRowIntake> BeginAsync(long id) => _milvus.Engine.BeginAsync(_milvus.Proxy.Catalog.GetCollection("default", "c"), id, default);

    private Task FillAsync(IRowIntake intake) => _milvus.Proxy.InsertAsync(RequestContext.Default, PlainCollection.Rows("c", [.. Enumerable.Range(0, 500)]) with { Into = intake });

    private Task DeleteAsync(int id) => PlainCollection.DeleteAsync(_milvus, "c", id);

    private Task<long> CountAsync() => PlainCollection.CountAsync(_milvus, "c");
}
