using Milvus.Model;
using Milvus.Storage.Wal;
using static Milvus.Storage.Tests.Wal.LogFixture;

namespace Milvus.Storage.Tests.Wal;

/// <summary>Damage to what was acknowledged is found and named; what was never acknowledged is removed and reported.</summary>
public sealed class ChannelLogDamageTests
{
    private readonly LogFixture _fixture = new();

    [Fact]
    public void A_flip_anywhere_in_any_file_is_found_and_named()
    {
        var texts = WriteSmallLog();
        foreach (var path in _fixture.Disk.Paths)
        {
            var whole = _fixture.Disk.Get(path);
            // Steps that reach every bit position of a byte; the last file, whose end nothing vouches for, more closely.
            for (var bit = 0; bit < whole.Length * 8; bit += path == _fixture.LastFile ? 3 : 13)
            {
                var damaged = (byte[])whole.Clone();
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                _fixture.Disk.Set(path, damaged);
                try
                {
                    // The seal at the end of a file is not data: its loss goes unnoticed, and nothing else does.
                    Assert.Equal(texts, _fixture.Reread());
                    Assert.True(path != _fixture.LastFile && bit / 8 >= whole.Length - 25, $"flip of bit {bit} in {path} was not found");
                }
                catch (IntegrityException e)
                {
                    Assert.Equal(path, e.DamagedSource);
                }
                Assert.Equal(damaged, _fixture.Disk.Get(path));
            }
            _fixture.Disk.Set(path, whole);
        }
        Assert.Equal(texts, _fixture.Reread());
    }

    [Fact]
    public void Cutting_the_last_file_anywhere_keeps_every_whole_record_and_is_reported()
    {
        var texts = WriteSmallLog();
        var path = _fixture.LastFile;
        var whole = _fixture.Disk.Get(path);
        var lengths = new SortedSet<int>();
        for (var length = whole.Length; length >= 0; length--)
        {
            _fixture.Disk.Set(path, whole[..length]);
            using var log = _fixture.Open();
            var read = Read(log);
            lengths.Add(read.Count);
            Assert.Equal(texts.Take(read.Count), read);
            Assert.Equal(_fixture.Disk.Get(path).Length == length, log.Recovery is null);
            if (log.Recovery is { } recovery)
                Assert.Equal((path, (long)_fixture.Disk.Get(path).Length), (recovery.File, recovery.Offset));
            Assert.Equal(read.Count + 1, log.NextSequence);
        }
        Assert.Equal(texts.Length, lengths.Max);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(100, 0)]
    [InlineData(5000, 0)]
    [InlineData(10, 77)]
    [InlineData(1000, 77)]
    public void Zeros_or_garbage_behind_the_last_record_are_cut_off(int count, int seed)
    {
        var texts = WriteSmallLog();
        var path = _fixture.LastFile;
        var whole = _fixture.Disk.Get(path);
        var rest = new byte[count];
        if (seed != 0)
            new Random(seed).NextBytes(rest);
        _fixture.Disk.Set(path, [.. whole, .. rest]);

        using var log = _fixture.Open();
        Assert.Equal((count, whole.Length), (log.Recovery!.TruncatedBytes, log.Recovery.Offset));
        Assert.Equal(texts, Read(log));
        Write(log, "after");
        Assert.Equal([.. texts, "after"], _fixture.Reread());
    }

    [Fact]
    public void A_lost_sector_of_the_last_group_is_a_torn_write_however_many_records_follow_it()
    {
        using (var log = _fixture.Open())
        {
            Write(log, "synced");
            for (var i = 0; i < 5; i++)
                Append(log, new string((char)('a' + i), 600));
        }
        var path = _fixture.LastFile;
        var damaged = _fixture.Disk.Get(path);
        damaged.AsSpan(1024, 512).Clear();
        _fixture.Disk.Set(path, damaged);

        using var reopened = _fixture.Open();
        Assert.Equal(["synced", new string('a', 600)], Read(reopened));
        Assert.Contains("never written", reopened.Recovery!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_zeroed_sector_of_an_acknowledged_record_is_damage()
    {
        using (var log = _fixture.Open())
        {
            for (var i = 0; i < 5; i++)
                Write(log, new string((char)('a' + i), 600));
        }
        var path = _fixture.LastFile;
        var damaged = _fixture.Disk.Get(path);
        damaged.AsSpan(1024, 512).Clear();
        _fixture.Disk.Set(path, damaged);

        var e = Assert.Throws<IntegrityException>(() => _fixture.Open());
        Assert.Equal(path, e.DamagedSource);
        Assert.Contains("record 2 is damaged", e.Message, StringComparison.Ordinal);
        Assert.Equal(damaged, _fixture.Disk.Get(path));

        _fixture.Options = _fixture.Options with { DiscardDamagedTail = true };
        using var forced = _fixture.Open();
        Assert.Equal([new string('a', 600)], Read(forced));
        Assert.True(forced.Recovery!.TruncatedBytes > 1800);
    }

    [Fact]
    public void Missing_files_are_named()
    {
        WriteSmallLog();
        var paths = _fixture.Disk.Paths;
        foreach (var path in paths)
        {
            var content = _fixture.Disk.Get(path);
            _fixture.Disk.Move(path, "elsewhere/x");
            var e = Assert.Throws<IntegrityException>(() =>
            {
                using var log = _fixture.Open();
                Read(log);
            });
            Assert.Contains("missing", e.Message, StringComparison.Ordinal);
            _fixture.Disk.Move("elsewhere/x", path);
            Assert.Equal(content, _fixture.Disk.Get(path));
        }
    }

    [Fact]
    public void A_log_that_ends_before_its_checkpoint_is_refused()
    {
        var texts = WriteSmallLog();
        _fixture.Open(reached: texts.Length).Dispose();
        foreach (var path in _fixture.Disk.Paths)
            _fixture.Disk.Lose(path);

        Assert.Contains("checkpoint", Assert.Throws<IntegrityException>(() => _fixture.Open(reached: texts.Length)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_channel_is_refused()
    {
        WriteSmallLog();

        var e = Assert.Throws<IntegrityException>(() => ChannelLog.Open(LogDirectory, "c2-s0", _fixture.Options, files: _fixture.Disk));
        Assert.Contains("another channel", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_inside_a_payload_is_not_taken_for_records()
    {
        WriteSmallLog();
        var whole = _fixture.Disk.Get(_fixture.Disk.Paths[0]);
        var other = new LogFixture();
        using (var log = other.Open())
        {
            log.Append([whole]);
            log.Commit();
        }
        var path = other.LastFile;
        var cut = other.Disk.Get(path)[..^1];
        other.Disk.Set(path, cut);

        using var reopened = other.Open();
        Assert.Empty(Read(reopened));
        Assert.NotNull(reopened.Recovery);
    }

    [Fact]
    public void Damage_met_while_reading_names_file_and_offset()
    {
        WriteSmallLog();
        var path = _fixture.Disk.Paths[0];
        var damaged = _fixture.Disk.Get(path);
        damaged[32 + 24] ^= 1;
        _fixture.Disk.Set(path, damaged);

        using var log = _fixture.Open();
        var e = Assert.Throws<IntegrityException>(() => Read(log));
        Assert.Equal(path, e.DamagedSource);
        Assert.Contains("record 1 at offset 32", e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(Read(log, 30));
    }

    // Three files, the last with a group of several records that no later one vouches for.
    private string[] WriteSmallLog()
    {
        var random = new Random(3);
        var texts = Enumerable.Range(1, 40).Select(i => $"record {i} " + new string((char)('a' + random.Next(26)), random.Next(400))).ToArray();
        using var log = _fixture.Open();
        for (var i = 0; i < 36; i += 2)
            Write(log, texts[i], texts[i + 1]);
        Write(log, texts[36..]);
        Assert.True(_fixture.Disk.Paths.Count >= 3);
        return texts;
    }
}
