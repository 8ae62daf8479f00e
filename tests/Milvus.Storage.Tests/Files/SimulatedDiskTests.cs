using Milvus.Storage.Files;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests.Files;

/// <summary>The simulated disk must be able to do everything the log has to survive.</summary>
public sealed class SimulatedDiskTests
{
    [Fact]
    public void What_is_synced_survives_and_what_is_not_may_be_torn_in_every_way()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 400; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateDirectory("d");
            using (var file = disk.Open("d/f", FileOpening.CreateEmpty))
            {
                file.Write(0, [Filled(512, 1)]);
                file.Sync();
                disk.SyncDirectory("d");
                file.Write(512, [Filled(512, 2), Filled(512, 3)]);
            }
            var after = disk.Restart(powerCut: true).Get("d/f");
            Assert.Equal(Filled(512, 1).ToArray(), after[..512]);
            outcomes.Add(after.Length switch { 512 => "none", 1536 => $"{after[600]}{after[1200]}", _ => "cut" });
        }

        Assert.Equal(["00", "03", "20", "23", "cut", "none"], outcomes.Order());
    }

    [Fact]
    public void Names_need_a_synced_directory()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateDirectory("d");
            foreach (var name in new[] { "d/old", "d/kept" })
                disk.Open(name, FileOpening.CreateEmpty).Dispose();
            disk.SyncDirectory("d");
            disk.DeleteFile("d/old");
            disk.Open("d/new", FileOpening.CreateEmpty).Dispose();
            outcomes.Add(string.Join(',', disk.Restart(powerCut: true).Paths));
        }

        Assert.Equal(["d/kept", "d/kept,d/new", "d/kept,d/new,d/old", "d/kept,d/old"], outcomes.Order());
    }

    [Fact]
    public void A_failed_sync_loses_sectors_that_a_later_one_does_not_bring_back()
    {
        var lost = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.CreateDirectory("d");
            using var file = disk.Open("d/f", FileOpening.CreateEmpty);
            disk.SyncDirectory("d");
            file.Write(0, [Filled(2048, 7)]);
            disk.FailSyncs(1);
            Assert.Throws<IOException>(file.Sync);
            file.Sync();
            Assert.Equal(Filled(2048, 7).ToArray(), disk.Get("d/f"));
            if (!disk.Restart(powerCut: true).Get("d/f").AsSpan().SequenceEqual(Filled(2048, 7).Span))
                lost++;
        }

        Assert.InRange(lost, 25, 50);
    }

    [Fact]
    public void Death_of_the_process_keeps_everything_written()
    {
        var disk = new SimulatedDisk(1);
        disk.CreateDirectory("d");
        var file = disk.Open("d/f", FileOpening.CreateEmpty);
        file.Write(0, [Filled(100, 1)]);
        var next = disk.Restart(powerCut: false);

        Assert.Equal(Filled(100, 1).ToArray(), next.Get("d/f"));
        Assert.Throws<SimulatedCrashException>(() => file.Write(0, [Filled(1, 1)]));
    }

    [Fact]
    public void A_full_disk_takes_what_fits()
    {
        var disk = new SimulatedDisk(1);
        disk.CreateDirectory("d");
        using var file = disk.Open("d/f", FileOpening.CreateEmpty);
        disk.FreeBytes = 30;

        Assert.True(DiskErrors.IsDiskFull(Assert.Throws<IOException>(() => file.Write(0, [Filled(50, 1)]))));
        Assert.Equal(30, file.Length);
        file.SetLength(10);
        Assert.Equal(20, disk.FreeBytes);
    }

    private static ReadOnlyMemory<byte> Filled(int count, byte value)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
