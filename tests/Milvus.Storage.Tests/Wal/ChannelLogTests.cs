using Milvus.Model;
using Milvus.Storage.Wal;
using Milvus.TestKit.Disk;
using static Milvus.Storage.Tests.Wal.LogFixture;

namespace Milvus.Storage.Tests.Wal;

public sealed class ChannelLogTests
{
    private readonly LogFixture _fixture = new();

    [Fact]
    public void Records_read_back_in_order_after_reopening()
    {
        using (var log = _fixture.Open())
        {
            Assert.Equal(1, Append(log, "a", "", "c"));
            Assert.Equal(4, Append(log, "d"));
            log.Commit();
            Assert.Equal((1, 5, 4), (log.FirstSequence, log.NextSequence, log.DurableSequence));
        }

        using var reopened = _fixture.Open();
        Assert.Equal(["a", "", "c", "d"], Read(reopened));
        Assert.Equal(["c", "d"], Read(reopened, 3));
        Assert.Empty(Read(reopened, 5));
        Assert.Equal(5, Append(reopened, "e"));
        Assert.Null(reopened.Recovery);
    }

    [Fact]
    public void A_new_or_idle_log_costs_neither_files_nor_handles()
    {
        using (var log = _fixture.Open())
        {
            Assert.Empty(Read(log));
            Assert.Empty(_fixture.Disk.Paths);
            Write(log, "a");
            Assert.Equal(1, _fixture.Disk.OpenHandles);
            log.ReleaseHandle();
            Assert.Equal(0, _fixture.Disk.OpenHandles);
            Write(log, "b");
        }
        Assert.Equal(0, _fixture.Disk.OpenHandles);

        using var reopened = _fixture.Open();
        Assert.Equal(["a", "b"], Read(reopened));
        Assert.Equal(0, _fixture.Disk.OpenHandles);
    }

    [Fact]
    public void Files_fill_up_and_follow_one_another()
    {
        var texts = Enumerable.Range(0, 40).Select(i => $"{i}:" + new string('x', 500)).ToArray();
        using (var log = _fixture.Open())
        {
            foreach (var text in texts)
                Write(log, text);
            Assert.True(_fixture.Disk.Paths.Count > 4);
            Assert.Equal(texts, Read(log));
            Assert.Equal(texts[17..], Read(log, 18));
            Assert.Equal(_fixture.Disk.Paths.Sum(p => _fixture.Disk.Get(p).Length), log.LengthBytes);
        }

        Assert.Equal(texts, _fixture.Reread());
    }

    [Fact]
    public void Reading_sees_what_was_appended_before_it_began()
    {
        using var log = _fixture.Open();
        Append(log, "a", "b");
        using var reader = log.ReadFrom(1);
        Append(log, "c");

        Assert.True(reader.TryRead(out _));
        Assert.True(reader.TryRead(out _));
        Assert.False(reader.TryRead(out _));
        Assert.Equal(["a", "b", "c"], Read(log));
    }

    [Fact]
    public void Trimming_deletes_whole_files_and_keeps_numbering()
    {
        using (var log = _fixture.Open())
        {
            for (var i = 1; i <= 40; i++)
                Write(log, $"{i}:" + new string('x', 500));
            log.TrimTo(20);
            Assert.InRange(log.FirstSequence, 13, 21);
            Assert.StartsWith("21:", Read(log, 21)[0], StringComparison.Ordinal);
            Assert.Throws<IntegrityException>(() => log.ReadFrom(1));
            log.TrimTo(40);
            Assert.Equal((41, 41), (log.FirstSequence, log.NextSequence));
            Assert.Equal(32, log.LengthBytes);
            Assert.Single(_fixture.Disk.Paths);
            log.TrimTo(40);
            Assert.Throws<ArgumentOutOfRangeException>(() => log.TrimTo(41));
        }

        using var reopened = _fixture.Open(reached: 40);
        Assert.Equal(41, reopened.NextSequence);
        Assert.Equal(41, Append(reopened, "next"));
    }

    [Fact]
    public void A_group_of_appends_costs_one_sync()
    {
        using var log = _fixture.Open();
        Write(log, "first");
        var before = _fixture.Disk.SyncCount;
        for (var i = 0; i < 10; i++)
            Append(log, "x", "y");
        log.Commit();
        log.Commit();

        Assert.Equal(1, _fixture.Disk.SyncCount - before);
        Assert.Equal(21, log.DurableSequence);
    }

    [Fact]
    public void Sync_modes_decide_when_a_commit_syncs()
    {
        var time = new SteppedTime();
        _fixture.Options = _fixture.Options with { SyncMode = WalSyncMode.Interval, SyncIntervalMs = 100 };
        using (var log = ChannelLog.Open(LogDirectory, Channel, _fixture.Options, files: _fixture.Disk, time: time))
        {
            Write(log, "a");
            Assert.Equal(0, log.DurableSequence);
            time.Advance(TimeSpan.FromMilliseconds(100));
            Write(log, "b");
            Assert.Equal(2, log.DurableSequence);
        }

        _fixture.Options = _fixture.Options with { SyncMode = WalSyncMode.None };
        using var lazy = ChannelLog.Open(LogDirectory, Channel, _fixture.Options, files: _fixture.Disk, time: time);
        time.Advance(TimeSpan.FromHours(1));
        Write(lazy, "c");
        Assert.Equal(2, lazy.DurableSequence);
        lazy.Sync();
        Assert.Equal(3, lazy.DurableSequence);
    }

    [Fact]
    public void An_oversized_record_is_refused_whole()
    {
        _fixture.Options = _fixture.Options with { MaxRecordBytes = 10 };
        using var log = _fixture.Open();

        Assert.Throws<ArgumentException>(() => Append(log, "ok", "much too long"));
        Assert.Equal(1, log.NextSequence);
        Assert.Equal(1, Append(log, "1234567890"));
    }

    [Fact]
    public void A_record_larger_than_a_file_and_than_the_read_buffer_fits()
    {
        var large = new string('y', 600_000);
        using (var log = _fixture.Open())
            Write(log, "a", large, "b");

        Assert.Equal(["a", large, "b"], _fixture.Reread());
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => (WalOptions.Default with { SegmentBytes = 1 }).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => (WalOptions.Default with { SyncMode = (WalSyncMode)9 }).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => (WalOptions.Default with { SyncIntervalMs = 0 }).Validate());
    }

    [Fact]
    public void The_store_lists_opens_and_deletes_channels_on_the_machine_s_disk()
    {
        using var directory = new TemporaryDirectory();
        var store = new FileWalStore(directory.Combine("wal"), WalOptions.Default with { SegmentBytes = 4096 });
        Assert.Empty(store.ListChannels());
        foreach (var channel in new[] { "c7-s1", "c7-s0" })
        {
            using var log = store.Open(channel);
            for (var i = 0; i < 30; i++)
            {
                log.Append([new byte[300], new byte[i]]);
                log.Commit();
            }
            log.TrimTo(20);
        }

        Assert.Equal(["c7-s0", "c7-s1"], store.ListChannels());
        using (var log = store.Open("c7-s0", reached: 20))
        {
            Assert.Equal(61, log.NextSequence);
            using var reader = log.ReadFrom(60);
            Assert.True(reader.TryRead(out var record));
            Assert.Equal((60, 29), (record.Sequence, record.Payload.Length));
            Assert.True(log.LengthBytes > 4096);
            log.TrimTo(60);
            Assert.Equal(32, log.LengthBytes);
        }
        store.Delete("c7-s0");
        store.Delete("c7-s0");
        Assert.Equal(["c7-s1"], store.ListChannels());
        Assert.Throws<ArgumentException>(() => store.Open("../x"));
        Assert.Throws<ArgumentException>(() => store.Open("a/b"));
    }

    [Fact]
    public void A_batch_of_thousands_of_records_is_one_write_on_the_machine_s_disk()
    {
        using var directory = new TemporaryDirectory();
        var payloads = Enumerable.Range(0, 5000).Select(i => (ReadOnlyMemory<byte>)BitConverter.GetBytes(i).AsMemory(0, i % 5)).ToArray();
        var store = new FileWalStore(directory.Path, WalOptions.Default);
        using (var log = store.Open("c"))
        {
            log.Append(payloads);
            log.Commit();
        }

        using var reopened = store.Open("c");
        using var reader = reopened.ReadFrom(1);
        foreach (var payload in payloads)
        {
            Assert.True(reader.TryRead(out var record));
            Assert.True(record.Payload.Span.SequenceEqual(payload.Span));
        }
        Assert.False(reader.TryRead(out _));
    }

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
