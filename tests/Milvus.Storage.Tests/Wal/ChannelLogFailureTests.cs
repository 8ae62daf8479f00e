using Milvus.Storage.Files;
using static Milvus.Storage.Tests.Wal.LogFixture;

namespace Milvus.Storage.Tests.Wal;

public sealed class ChannelLogFailureTests
{
    private readonly LogFixture _fixture = new();

    [Fact]
    public void A_full_disk_refuses_the_batch_whole_and_the_log_goes_on_when_space_is_freed()
    {
        using (var log = _fixture.Open())
        {
            Write(log, "a", "b");
            _fixture.Disk.FreeBytes = 150;
            var e = Assert.Throws<IOException>(() => Append(log, new string('x', 60), new string('y', 60)));
            Assert.True(DiskErrors.IsDiskFull(e));
            Assert.False(log.IsFailed);
            Assert.Equal(3, log.NextSequence);
            Assert.Equal(["a", "b"], Read(log));
            Write(log, "fits");
            _fixture.Disk.FreeBytes = long.MaxValue;
            Write(log, new string('x', 60));
        }

        Assert.Equal(["a", "b", "fits", new string('x', 60)], _fixture.Reread());
    }

    [Fact]
    public void A_refused_batch_does_not_come_back_after_a_power_cut()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var fixture = new LogFixture(seed);
            var log = fixture.Open();
            Write(log, "a");
            Append(log, "unsynced");
            fixture.Disk.FreeBytes = 100;
            Assert.Throws<IOException>(() => Append(log, "refused", new string('y', 100)));
            fixture.Disk = fixture.Disk.Restart(powerCut: true);

            Assert.Equal(["a", "unsynced"], fixture.Reread());
        }
    }

    [Fact]
    public void A_full_disk_while_beginning_a_file_leaves_the_log_usable()
    {
        using (var log = _fixture.Open())
        {
            Write(log, new string('x', 5000));
            _fixture.Disk.FreeBytes = 10;
            Assert.Throws<IOException>(() => Append(log, "next file"));
            Assert.False(log.IsFailed);
            Assert.Single(_fixture.Disk.Paths);
            _fixture.Disk.FreeBytes = long.MaxValue;
            Write(log, "next file");
            Assert.Equal(2, _fixture.Disk.Paths.Count);
        }

        Assert.Equal([new string('x', 5000), "next file"], _fixture.Reread());
    }

    [Fact]
    public void A_failed_sync_is_final_until_reopened()
    {
        var log = _fixture.Open();
        Write(log, "durable");
        Append(log, "doubtful");
        _fixture.Disk.FailSyncs(1);

        Assert.Throws<IOException>(log.Commit);
        Assert.True(log.IsFailed);
        Assert.Equal(1, log.DurableSequence);
        Assert.Throws<IOException>(() => Append(log, "more"));
        Assert.Throws<IOException>(log.Commit);
        Assert.Throws<IOException>(log.Sync);
        log.Dispose();

        Assert.Equal(["durable"], _fixture.Reread());
        using var reopened = _fixture.Open();
        Assert.Equal(2, Append(reopened, "again"));
    }

    [Fact]
    public void After_failed_syncs_and_a_power_cut_every_durable_record_is_there()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var fixture = new LogFixture(seed);
            var log = fixture.Open();
            Write(log, "durable");
            Append(log, new string('x', 2000), new string('y', 900));
            fixture.Disk.FailSyncs(seed % 3 + 1);
            Assert.Throws<IOException>(log.Commit);
            log.Dispose();
            fixture.Disk = fixture.Disk.Restart(powerCut: true);
            var read = fixture.Reread();

            Assert.Equal("durable", read[0]);
            Assert.Equal(new[] { "durable", new string('x', 2000), new string('y', 900) }.Take(read.Count), read);
        }
    }

    [Fact]
    public void A_failed_sync_when_opening_refuses_the_log()
    {
        using (var log = _fixture.Open())
            Write(log, "a");
        _fixture.Disk.FailSyncs(1);

        Assert.Throws<IOException>(() => _fixture.Open());
        Assert.Equal(["a"], _fixture.Reread());
    }

    [Fact]
    public void A_file_that_something_else_writes_to_is_noticed()
    {
        using var log = _fixture.Open();
        Write(log, "a");
        log.ReleaseHandle();
        _fixture.Disk.Set(_fixture.LastFile, [.. _fixture.Disk.Get(_fixture.LastFile), 1]);

        Assert.Throws<Model.IntegrityException>(() => Append(log, "b"));
    }
}
