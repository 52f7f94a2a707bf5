package simulator

// price is a line of the price list. An hour costs 1/672 of a month (docs/digitalocean-api.md, "Sizes and prices").
type price struct {
	slug          string
	memoryMB      int
	vcpus, diskGB int
	transferTB    float64
	monthly       float64 // USD
	family        string
}

// priceList is DigitalOcean's public one, without the GPU sizes.
func priceList() []price {
	return []price{
		{"s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4, "Basic"},
		{"s-1vcpu-1gb", 1024, 1, 25, 1, 6, "Basic"},
		{"s-1vcpu-1gb-amd", 1024, 1, 25, 1, 7, "Basic AMD"},
		{"s-1vcpu-1gb-intel", 1024, 1, 25, 1, 7, "Basic Intel"},
		{"s-1vcpu-1gb-35gb-intel", 1024, 1, 35, 1, 8, "Basic Intel"},
		{"s-1vcpu-2gb", 2048, 1, 50, 2, 12, "Basic"},
		{"s-1vcpu-2gb-amd", 2048, 1, 50, 2, 14, "Basic AMD"},
		{"s-1vcpu-2gb-intel", 2048, 1, 50, 2, 14, "Basic Intel"},
		{"s-1vcpu-2gb-70gb-intel", 2048, 1, 70, 2, 16, "Basic Intel"},
		{"s-2vcpu-2gb", 2048, 2, 60, 3, 18, "Basic"},
		{"s-2vcpu-2gb-amd", 2048, 2, 60, 3, 21, "Basic AMD"},
		{"s-2vcpu-2gb-intel", 2048, 2, 60, 3, 21, "Basic Intel"},
		{"s-2vcpu-2gb-90gb-intel", 2048, 2, 90, 3, 24, "Basic Intel"},
		{"s-2vcpu-4gb", 4096, 2, 80, 4, 24, "Basic"},
		{"s-2vcpu-4gb-amd", 4096, 2, 80, 4, 28, "Basic AMD"},
		{"s-2vcpu-4gb-intel", 4096, 2, 80, 4, 28, "Basic Intel"},
		{"s-2vcpu-4gb-120gb-intel", 4096, 2, 120, 4, 32, "Basic Intel"},
		{"s-2vcpu-8gb-amd", 8192, 2, 100, 5, 42, "Basic AMD"},
		{"s-2vcpu-8gb-160gb-intel", 8192, 2, 160, 5, 48, "Basic Intel"},
		{"s-4vcpu-8gb", 8192, 4, 160, 5, 48, "Basic"},
		{"s-4vcpu-8gb-amd", 8192, 4, 160, 5, 56, "Basic AMD"},
		{"s-4vcpu-8gb-intel", 8192, 4, 160, 5, 56, "Basic Intel"},
		{"s-4vcpu-8gb-240gb-intel", 8192, 4, 240, 6, 64, "Basic Intel"},
		{"s-4vcpu-16gb-amd", 16384, 4, 200, 8, 84, "Basic AMD"},
		{"s-4vcpu-16gb-320gb-intel", 16384, 4, 320, 8, 96, "Basic Intel"},
		{"s-8vcpu-16gb", 16384, 8, 320, 6, 96, "Basic"},
		{"s-8vcpu-16gb-amd", 16384, 8, 320, 6, 112, "Basic AMD"},
		{"s-8vcpu-16gb-intel", 16384, 8, 320, 6, 112, "Basic Intel"},
		{"s-8vcpu-16gb-480gb-intel", 16384, 8, 480, 9, 128, "Basic Intel"},
		{"s-8vcpu-32gb-amd", 32768, 8, 400, 10, 168, "Basic AMD"},
		{"s-8vcpu-32gb-640gb-intel", 32768, 8, 640, 10, 192, "Basic Intel"},
		{"c-2", 4096, 2, 25, 4, 42, "CPU-Optimized"},
		{"c-4", 8192, 4, 50, 5, 84, "CPU-Optimized"},
		{"c-8", 16384, 8, 100, 6, 168, "CPU-Optimized"},
		{"c-16", 32768, 16, 200, 7, 336, "CPU-Optimized"},
		{"c-32", 65536, 32, 400, 9, 672, "CPU-Optimized"},
		{"c-48", 98304, 48, 600, 11, 1008, "CPU-Optimized"},
		{"c2-2vcpu-4gb", 4096, 2, 50, 4, 47, "CPU-Optimized 2x SSD"},
		{"c2-4vcpu-8gb", 8192, 4, 100, 5, 94, "CPU-Optimized 2x SSD"},
		{"c2-8vcpu-16gb", 16384, 8, 200, 6, 188, "CPU-Optimized 2x SSD"},
		{"c2-16vcpu-32gb", 32768, 16, 400, 7, 376, "CPU-Optimized 2x SSD"},
		{"c2-32vcpu-64gb", 65536, 32, 800, 9, 752, "CPU-Optimized 2x SSD"},
		{"g-2vcpu-8gb", 8192, 2, 25, 4, 63, "General Purpose"},
		{"g-4vcpu-16gb", 16384, 4, 50, 5, 126, "General Purpose"},
		{"g-8vcpu-32gb", 32768, 8, 100, 6, 252, "General Purpose"},
		{"g-16vcpu-64gb", 65536, 16, 200, 7, 504, "General Purpose"},
		{"g-32vcpu-128gb", 131072, 32, 400, 8, 1008, "General Purpose"},
		{"g-40vcpu-160gb", 163840, 40, 500, 9, 1260, "General Purpose"},
		{"gd-2vcpu-8gb", 8192, 2, 50, 4, 68, "General Purpose 2x SSD"},
		{"gd-4vcpu-16gb", 16384, 4, 100, 5, 136, "General Purpose 2x SSD"},
		{"gd-8vcpu-32gb", 32768, 8, 200, 6, 272, "General Purpose 2x SSD"},
		{"gd-16vcpu-64gb", 65536, 16, 400, 7, 544, "General Purpose 2x SSD"},
		{"m-2vcpu-16gb", 16384, 2, 50, 4, 84, "Memory-Optimized"},
		{"m-4vcpu-32gb", 32768, 4, 100, 6, 168, "Memory-Optimized"},
		{"m-8vcpu-64gb", 65536, 8, 200, 7, 336, "Memory-Optimized"},
		{"m-16vcpu-128gb", 131072, 16, 400, 8, 672, "Memory-Optimized"},
		{"m-24vcpu-192gb", 196608, 24, 600, 9, 1008, "Memory-Optimized"},
		{"m-32vcpu-256gb", 262144, 32, 800, 10, 1344, "Memory-Optimized"},
		{"m3-2vcpu-16gb", 16384, 2, 150, 4, 104, "Memory-Optimized 3x SSD"},
		{"m3-4vcpu-32gb", 32768, 4, 300, 6, 208, "Memory-Optimized 3x SSD"},
		{"m3-8vcpu-64gb", 65536, 8, 600, 7, 416, "Memory-Optimized 3x SSD"},
		{"so-2vcpu-16gb", 16384, 2, 300, 4, 131, "Storage-Optimized"},
		{"so-4vcpu-32gb", 32768, 4, 600, 6, 262, "Storage-Optimized"},
		{"so-8vcpu-64gb", 65536, 8, 1200, 7, 524, "Storage-Optimized"},
		{"so-16vcpu-128gb", 131072, 16, 2400, 8, 1048, "Storage-Optimized"},
	}
}

// gpuPrice is a size with GPUs; those are priced by the hour.
type gpuPrice struct {
	slug          string
	memoryMB      int
	vcpus, diskGB int
	scratchGB     int
	transferTB    float64
	hourly        float64 // USD
	family        string
	gpus          int
	model         string
	vramGB        int
}

func gpuPriceList() []gpuPrice {
	return []gpuPrice{
		{"gpu-4000adax1-20gb", 32768, 8, 500, 0, 10, 0.76, "RTX 4000 Ada GPU - 1X", 1, "nvidia_rtx4000_ada", 20},
		{"gpu-6000adax1-48gb", 65536, 8, 500, 0, 10, 1.57, "RTX 6000 Ada GPU - 1X", 1, "nvidia_rtx6000_ada", 48},
		{"gpu-l40sx1-48gb", 65536, 8, 500, 0, 10, 1.57, "L40S GPU - 1X", 1, "nvidia_l40s", 48},
		{"gpu-h100x1-80gb", 245760, 20, 720, 5120, 15, 3.39, "H100 GPU - 1X", 1, "nvidia_h100", 80},
		{"gpu-h100x8-640gb", 1966080, 160, 2046, 40960, 60, 23.92, "H100 GPU - 8X", 8, "nvidia_h100", 640},
	}
}
