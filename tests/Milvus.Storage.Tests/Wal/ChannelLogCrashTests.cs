using Milvus.Storage.Wal;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests.Wal;

/// <summary>
/// Random histories with a crash at a random operation, against a list of what was appended: whatever the crash point, every synced
/// record is there, in order, unchanged, and no record is there that was not appended.
/// </summary>
public sealed class ChannelLogCrashTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_crash_point_keeps_every_synced_record_and_invents_none(bool powerCut)
    {
        for (var seed = 0; seed < 250; seed++)
        {
            try
            {
                Run(seed, powerCut);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    private static void Run(int seed, bool powerCut)
    {
        var random = new Random(seed);
        var options = WalOptions.Default with
        {
            SegmentBytes = WalOptions.MinSegmentBytes,
            SyncMode = random.Next(4) == 0 ? WalSyncMode.None : WalSyncMode.Always,
        };
        var disk = new SimulatedDisk(seed);
        var model = new Model();
        for (var life = 0; life < 5; life++)
        {
            disk.CrashAfter(random.Next(life == 0 ? 60 : 40));
            try
            {
                Live(random, disk, options, model);
            }
            catch (SimulatedCrashException)
            {
                // The next life checks.
            }
            disk = disk.Restart(powerCut);
            model.PowerCut = powerCut;
        }
        using var log = ChannelLog.Open("wal/c", "c", options, files: disk);
        model.Check(log);
    }

    private static void Live(Random random, SimulatedDisk disk, WalOptions options, Model model)
    {
        var log = ChannelLog.Open("wal/c", "c", options, model.Trimmed, disk);
        model.Check(log);
        while (true)
        {
            switch (random.Next(10))
            {
                case < 5:
                    model.Append(log, RandomPayloads(random));
                    break;
                case < 8:
                    log.Commit();
                    model.Synced = Math.Max(model.Synced, log.DurableSequence);
                    break;
                case 8:
                    // The owner forgets records only once they are durable, and remembers that before it trims.
                    model.Trimmed = Math.Max(model.Trimmed, random.NextInt64(log.FirstSequence - 1, log.DurableSequence + 1));
                    log.TrimTo(model.Trimmed);
                    break;
                default:
                    if (random.Next(3) == 0)
                    {
                        log.Dispose();
                        log = ChannelLog.Open("wal/c", "c", options, model.Trimmed, disk);
                    }
                    else
                    {
                        log.ReleaseHandle();
                    }
                    model.Synced = log.DurableSequence;
                    model.Check(log);
                    break;
            }
        }
    }

    private static ReadOnlyMemory<byte>[] RandomPayloads(Random random)
    {
        var payloads = new ReadOnlyMemory<byte>[random.Next(1, 6)];
        for (var i = 0; i < payloads.Length; i++)
        {
            var payload = new byte[random.Next(3) switch { 0 => random.Next(30), 1 => random.Next(600), _ => random.Next(3000) }];
            if (random.Next(3) != 0)
                random.NextBytes(payload);
            payloads[i] = payload;
        }
        return payloads;
    }

    private sealed class Model
    {
        // Payloads by sequence − 1; what a crash removed is forgotten at the next check.
        private readonly List<byte[]> _appended = [];

        public bool PowerCut { get; set; }

        public long Synced { get; set; }

        public long Trimmed { get; set; }

        public void Append(ChannelLog log, ReadOnlyMemory<byte>[] payloads)
        {
            // Recorded first: an append that the crash interrupts may be found whole, in part or not at all.
            _appended.RemoveRange((int)log.NextSequence - 1, _appended.Count - ((int)log.NextSequence - 1));
            _appended.AddRange(payloads.Select(p => p.ToArray()));
            log.Append(payloads);
        }

        public void Check(ChannelLog log)
        {
            Assert.True(log.NextSequence > Synced, $"record {Synced} was synced, the log ends before {log.NextSequence}");
            Assert.True(log.NextSequence - 1 <= _appended.Count, $"{_appended.Count} records were appended, the log has {log.NextSequence - 1}");
            Assert.True(log.FirstSequence <= Trimmed + 1, $"trimmed to {Trimmed}, but the log begins with {log.FirstSequence}");
            using var reader = log.ReadFrom(Trimmed + 1);
            var expected = Trimmed + 1;
            while (reader.TryRead(out var record))
            {
                Assert.Equal(expected, record.Sequence);
                Assert.True(record.Payload.Span.SequenceEqual(_appended[(int)expected - 1]), $"record {expected} has changed");
                expected++;
            }
            Assert.Equal(log.NextSequence, expected);
            // Opening makes durable what it finds, so from here on it has to stay.
            Synced = log.DurableSequence;
        }
    }
}
